// Prints, as JSON, what the runtime itself answers: [{file, shape, input, data, output}] on standard
// input; one list of numbers a request on standard output. Plain JavaScript, nothing of this project
// between.
import { InferenceSession, Tensor } from 'onnxruntime-node';

let text = '';
for await (const chunk of process.stdin) text += chunk;
const sessions = new Map();
const answers = [];
for (const { file, input, shape, data, output } of JSON.parse(text)) {
  if (!sessions.has(file)) {
    sessions.set(file, await InferenceSession.create(file, { intraOpNumThreads: 1 }));
  }
  const feeds = { [input]: new Tensor('float32', Float32Array.from(data), shape) };
  const outputs = await sessions.get(file).run(feeds, [output]);
  answers.push([...outputs[output].data]);
}
process.stdout.write(JSON.stringify(answers));
