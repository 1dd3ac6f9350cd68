// Nothing: this file carries LibTorch's precompiled headers.
