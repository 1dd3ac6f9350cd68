#!/usr/bin/env bash
# transformers 5 does not keep the ids that a tokenizer's files give to its added tokens.
#
# A CLIP tokenizer of 514 entries whose added_tokens.json (or added_tokens_decoder) says "<cat>": 514 and
# "<dog>": 516. transformers 4.57.6 reads <dog> as 516, as the file says. 5.23.0 numbers added tokens anew, one
# after the other, in the order of their ids: <dog> is 515, and in a text encoder's table that is another row,
# without an error or a warning. Folders where the ids have no gap are read alike by both.
#
# Imprint reads such folders as 5.23 does (text/added_tokens.h). Exits with 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
for version in 4.57.6 5.23.0; do
  "$folder/venv/bin/pip" install -q --target "$folder/$version" "transformers==$version" numpy==2.4.6
done

cat > "$folder/read.py" <<'PYTHON'
import json
import pathlib
import sys

import transformers

folder = pathlib.Path(sys.argv[1])
folder.mkdir(exist_ok=True)
# The bytes of byte-level byte-pair encoding, alone and at a word's end, without merges.
codes = [*range(33, 127), *range(161, 173), *range(174, 256), *range(256, 324)]
entries = [chr(c) for c in codes] + [chr(c) + "</w>" for c in codes] + ["<|startoftext|>", "<|endoftext|>"]
(folder / "vocab.json").write_text(json.dumps({entry: i for i, entry in enumerate(entries)}))
(folder / "merges.txt").write_text("#version: 0.2\n")
ids = {"<cat>": len(entries), "<dog>": len(entries) + 2}
flags = {"lstrip": False, "rstrip": False, "normalized": True, "single_word": False, "special": False}
forms = {"added_tokens": ids,
         "tokenizer_config": {"added_tokens_decoder": {str(i): {"content": t, **flags} for t, i in ids.items()}}}
for name, content in forms.items():
    file = folder / f"{name}.json"
    file.write_text(json.dumps(content))
    read = transformers.CLIPTokenizer.from_pretrained(folder)("<cat> <dog>").input_ids[1:-1]
    file.unlink()
    print(f"{transformers.__version__} {name}.json says {list(ids.values())}, read as {read}")
PYTHON

for version in 4.57.6 5.23.0; do
  PYTHONPATH=$folder/$version "$folder/venv/bin/python" "$folder/read.py" "$folder/tokenizer" 2> "$folder/errors" ||
    { cat "$folder/errors" >&2; exit 1; }
done | tee "$folder/seen"
diff - "$folder/seen" <<'EXPECTED'
4.57.6 added_tokens.json says [514, 516], read as [514, 516]
4.57.6 tokenizer_config.json says [514, 516], read as [514, 516]
5.23.0 added_tokens.json says [514, 516], read as [514, 515]
5.23.0 tokenizer_config.json says [514, 516], read as [514, 515]
EXPECTED
