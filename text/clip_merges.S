/* CLIP's merges.txt (MIT, OpenAI), so that a checkpoint in a single file needs no tokenizer beside it. */
    .section .rodata
    .global imprint_clip_merges
    .global imprint_clip_merges_end
imprint_clip_merges:
    .incbin IMPRINT_CLIP_MERGES
imprint_clip_merges_end:
    .byte 0
    .section .note.GNU-stack,"",@progbits
