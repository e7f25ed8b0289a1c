// Binary messages have the safetensors layout: eight bytes of length, a JSON header, raw arrays.
// They are read as views onto the message, without a copy, because that costs microseconds
// where parsing JSON would cost milliseconds.

const TYPES = { U8: Uint8Array, I32: Int32Array, F32: Float32Array, F64: Float64Array };

/**
 * @typedef {{shape: number[], data: any}} Tensor
 * @typedef {{kind: string, frame: number, run: number, tensors: Record<string, Tensor>, about: Record<string, string>}} Message
 * @param {ArrayBuffer} buffer @returns {Message}
 */
export function decode(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const about = header.__metadata__ ?? {};
  const tensors = {};
  // What is kept for the server to go on from is not read here.
  if (about.kind === "checkpoint") return { kind: about.kind, frame: 0, run: Number(about.run), tensors, about };
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const Type = TYPES[entry.dtype];
    const start = 8 + length + entry.data_offsets[0];
    const count = (entry.data_offsets[1] - entry.data_offsets[0]) / Type.BYTES_PER_ELEMENT;
    const data = start % Type.BYTES_PER_ELEMENT ? new Type(buffer.slice(start, 8 + length + entry.data_offsets[1])) : new Type(buffer, start, count);
    tensors[name] = { shape: entry.shape, data };
  }
  return { kind: about.kind, frame: Number(about.frame), run: Number(about.run), tensors, about };
}

/** What a frame tells of every panel at every time, one number each. */
export const SCALARS = [
  "train_loss", "test_loss", "validation_loss", "train_dev_loss", "penalty",
  "train_accuracy", "test_accuracy", "validation_accuracy", "train_dev_accuracy", "vote_accuracy",
  "train_r2", "test_r2", "validation_r2", "train_dev_r2",
  "train_error", "test_error", "validation_error", "train_dev_error", "dead_ratio", "saturation_ratio", "zero_ratio",
];

/** Of these a frame tells the band of several seeds as well, as `…_low` and `…_high`. */
export const BANDED = ["train_loss", "test_loss", "train_accuracy", "test_accuracy", "train_r2", "test_r2", "dead_ratio"];
export const ENDS = ["low", "high"];

/** What it tells of every layer. */
export const LAYERED = ["gradient_norm", "update_ratio", "layer_dead_ratio", "layer_saturation_ratio", "layer_mean", "layer_spread"];

/** One time row of one panel as plain numbers; names as on the wire, NaN for what is not there. */
export function rowOf(tensors, time, panel) {
  const panels = tensors.train_loss.shape[1];
  const at = time * panels + panel;
  const layers = (name) => {
    const width = tensors[name].shape[2];
    const from = at * width;
    return Array.from(tensors[name].data.subarray(from, from + width));
  };
  const row = { epoch: tensors.epoch.data[time] };
  for (const name of LAYERED) row[name] = layers(name);
  for (const name of SCALARS) row[name] = tensors[name]?.data[at] ?? NaN;
  for (const end of ENDS) {
    if (!tensors[`test_loss_${end}`]) continue;
    for (const name of BANDED) row[`${name}_${end}`] = tensors[`${name}_${end}`].data[at];
    row[`gradient_norm_${end}`] = layers(`gradient_norm_${end}`);
  }
  return row;
}

/** The part of a (P, …) tensor that belongs to one panel. @param {Tensor} tensor */
export function slice(tensor, panel) {
  const size = tensor.data.length / tensor.shape[0];
  return tensor.data.subarray(panel * size, (panel + 1) * size);
}
