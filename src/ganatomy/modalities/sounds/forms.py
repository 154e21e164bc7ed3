"""The forms in which networks may see sounds, by name: the option data.form."""

from ganatomy.modalities.sounds.sound_modality import SoundModality
from ganatomy.modalities.sounds.spectrogram_modality import SpectrogramModality

FORMS: dict[str, type[SoundModality]] = {"waveform": SoundModality, "spectrogram": SpectrogramModality}
