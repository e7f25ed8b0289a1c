// Binary messages have the safetensors layout: eight bytes of length, a JSON header, raw arrays.
// They are read as views onto the message, without a copy, because that costs microseconds
// where parsing JSON would cost milliseconds.

const TYPES = { U8: Uint8Array, I32: Int32Array, F32: Float32Array, F64: Float64Array };

/**
 * @typedef {{shape: number[], data: any}} Tensor
 * @typedef {{kind: string, frame: number, run: number, tensors: Record<string, Tensor>}} Message
 * @param {ArrayBuffer} buffer @returns {Message}
 */
export function decode(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const Type = TYPES[entry.dtype];
    const start = 8 + length + entry.data_offsets[0];
    const count = (entry.data_offsets[1] - entry.data_offsets[0]) / Type.BYTES_PER_ELEMENT;
    const data = start % Type.BYTES_PER_ELEMENT ? new Type(buffer.slice(start, 8 + length + entry.data_offsets[1])) : new Type(buffer, start, count);
    tensors[name] = { shape: entry.shape, data };
  }
  const about = header.__metadata__ ?? {};
  return { kind: about.kind, frame: Number(about.frame), run: Number(about.run), tensors };
}

/** One time row of one panel as plain numbers; names as on the wire. */
export function rowOf(tensors, time, panel) {
  const panels = tensors.train_loss.shape[1];
  const at = time * panels + panel;
  const layers = (name) => {
    const width = tensors[name].shape[2];
    const from = at * width;
    return Array.from(tensors[name].data.subarray(from, from + width));
  };
  return {
    epoch: tensors.epoch.data[time],
    train_loss: tensors.train_loss.data[at],
    test_loss: tensors.test_loss.data[at],
    penalty: tensors.penalty.data[at],
    train_accuracy: tensors.train_accuracy.data[at],
    test_accuracy: tensors.test_accuracy.data[at],
    dead_ratio: tensors.dead_ratio.data[at],
    layer_dead_ratio: layers("layer_dead_ratio"),
    gradient_norm: layers("gradient_norm"),
  };
}

/** The part of a (P, …) tensor that belongs to one panel. @param {Tensor} tensor */
export function slice(tensor, panel) {
  const size = tensor.data.length / tensor.shape[0];
  return tensor.data.subarray(panel * size, (panel + 1) * size);
}
