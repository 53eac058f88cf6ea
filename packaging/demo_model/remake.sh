#!/usr/bin/env bash
# Train, export, convert and measure the demo model. Further options go to train.py, for example
# --from tests/data/localr1-demo --plain --peak 0.25 --seed 2, to go on from the shipped weights.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
work=${WORK:-$root/build/demo_model}
checkpoint=$root/tests/data/localr1-demo
model=$root/localr1/demo/localr1-demo.gguf

python "$here/train.py" --work "$work" \
  --tokens "${TOKENS:-40000000}" --decay-tokens "${DECAY_TOKENS:-10000000}" "$@"
python "$here/export.py" --work "$work" --checkpoint "$checkpoint" --card "$here/MODEL_CARD.md" \
  --template "$root/tests/data/templates/deepseek-r1-distill-llama-8b.jinja"
localr1 convert "$checkpoint" --quant Q8_0 --output "$model" --force
python "$here/evaluate.py" "$model" | tee "$work/evaluation.md"
