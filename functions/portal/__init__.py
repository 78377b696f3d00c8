"""The portal: pages for people, on the same functions of the API as every other client."""
