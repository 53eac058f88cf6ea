#!/usr/bin/env bash
# Train, export, quantize and measure the demo model. LLAMA_CPP: llama.cpp's source folder.
set -euo pipefail
: "${LLAMA_CPP:?set LLAMA_CPP to the folder of the llama.cpp source}"
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/demo_model}
quantize=${LLAMA_QUANTIZE:-$LLAMA_CPP/build/bin/llama-quantize}
model=$root/localr1/demo/localr1-demo.gguf

python "$here/train.py" --work "$work" \
  --tokens "${TOKENS:-40000000}" --decay-tokens "${DECAY_TOKENS:-10000000}"
python "$here/export.py" --work "$work" --checkpoint "$root/tests/data/demo-checkpoint" \
  --template "$LLAMA_CPP/models/templates/deepseek-ai-DeepSeek-R1-Distill-Llama-8B.jinja" \
  --gguf "$model" --llama-cpp "$LLAMA_CPP" --quantize "$quantize"
python "$here/evaluate.py" "$model" | tee "$work/evaluation.md"
