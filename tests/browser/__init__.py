"""The site in a real Chromium: what a person sees, with JavaScript and without."""
