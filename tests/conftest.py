"""What holds for every suite: no test can reach a real AWS account, and hypothesis neither times nor remembers."""

from __future__ import annotations

import os

from hypothesis import settings

os.environ.update(
    AWS_ACCESS_KEY_ID="testing",
    AWS_SECRET_ACCESS_KEY="testing",
    AWS_SESSION_TOKEN="testing",
    AWS_DEFAULT_REGION="ap-southeast-3",
    AWS_EC2_METADATA_DISABLED="true",
)
os.environ.pop("AWS_PROFILE", None)

settings.register_profile("loket", deadline=None, database=None, print_blob=True)
settings.load_profile("loket")
