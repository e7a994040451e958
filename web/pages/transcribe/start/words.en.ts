/** What the page says where no engine is ready. */
export default {
  noEngine: 'Longhand has no speech recogniser yet',
  noEngineAbout: 'Recordings cannot be turned into text before there is one.',
  noEngineAsk: 'Ask whoever runs this Longhand to install one.',
  install: (model: string, size: string) => `Install the model ${model} (${size})`,
  installing: (model: string) => `Downloading the model ${model}`,
  installed: (model: string) => `The model ${model} is installed.`,
  installStop: 'Stop the download',
  installWaits: (why: string) => `${why} It is tried again by itself.`,
  largerModels: 'Larger models are in the settings.',
};
