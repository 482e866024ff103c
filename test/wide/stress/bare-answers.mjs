// Prints, as JSON, what the runtime itself answers: {model, rows, shape, input, data} on standard
// input; one list of `probabilities` a request on standard output. Plain JavaScript, nothing of
// this project between.
import { InferenceSession, Tensor } from 'onnxruntime-node';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const sessions = new Map();
const answers = [];
for (const { model, input, shape, data } of JSON.parse(text)) {
  const file = `models/${model}/model.onnx`;
  if (!sessions.has(file)) {
    sessions.set(file, await InferenceSession.create(file, { intraOpNumThreads: 1 }));
  }
  const feeds = { [input]: new Tensor('float32', Float32Array.from(data), shape) };
  const { probabilities } = await sessions.get(file).run(feeds, ['probabilities']);
  answers.push([...probabilities.data]);
}
process.stdout.write(JSON.stringify(answers));
