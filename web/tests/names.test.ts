// Names beside a chart: there is room for those that the room was made for.

import assert from "node:assert/strict";
import { test } from "node:test";
import { extent, folded } from "../src/names.js";

test("a name is whole in the room of its extent, whatever its length", () => {
    for (let length = 4; length <= 60; length += 1) {
        const latin = "n".repeat(length);
        assert.equal(folded(extent([latin]))(latin), latin);
        const chinese = "模".repeat(length);
        assert.equal(folded(extent([chinese]))(chinese), chinese);
    }
});

test("in less room a name is cut", () => {
    assert.equal(folded(extent(["nnnnnnn"]))("nnnnnnnn"), "nnnnnn…\n");
});
