"""Fetching models: names and facts by huggingface_hub, the bytes by a downloader of its own.

This is the one part of localr1 that opens network connections (a contract in pyproject.toml
says so), and only `localr1 pull` and `localr1 recommend --refresh` import it.
"""
