"""Generators in repositories of Hugging Face: downloaded and uploaded as folders of weights."""

from pathlib import Path

from ganatomy.errors import UserError, first_line
from ganatomy.generators.weights import CONFIG, WEIGHTS
from ganatomy.modalities.sounds.spectrogram_modality import LEVELS
from ganatomy.modalities.tables.table_modality import NORMALISATION, SCHEMA
from ganatomy.system.extras import needed

FILES = (CONFIG, WEIGHTS, SCHEMA, NORMALISATION, LEVELS)  # that are read of a generator


def download(name: str) -> Path:
    """The folder of a repository owner/name, in Hugging Face's own cache; only the files that are read are fetched.

    Raises UserError where it cannot be downloaded.
    """
    hub = needed("huggingface_hub", "hub", f"hf:{name}")
    try:
        return Path(hub.snapshot_download(name, allow_patterns=[*FILES]))
    except Exception as error:  # no network, no such repository, no permission: each has its own kind
        raise UserError(f"hf:{name} could not be loaded ({first_line(error)}).") from error


def upload(folder: Path, name: str, private: bool = False) -> str:
    """Put a folder into the repository owner/name, made if need be; returns its address.

    Raises UserError where it cannot be written.
    """
    hub = needed("huggingface_hub", "hub", f"hf:{name}")
    try:
        api = hub.HfApi()
        address = api.create_repo(name, private=private, exist_ok=True)
        api.upload_folder(repo_id=name, folder_path=str(folder), commit_message="ganatomy: a generator")
    except Exception as error:
        raise UserError(f"hf:{name} could not be written ({first_line(error)}).") from error
    return str(address)
