// node schema.js FOLDER SCHEMA: prints for each line of JSON that it reads one
// line, what ajv of FOLDER has against it.  What the schema leaves open, for
// members to come, is closed here.

"use strict";

const fs = require("fs");
const readline = require("readline");

const [folder, file] = process.argv.slice(2);
const Ajv = require(folder + "/node_modules/ajv/dist/2020");
const schema = JSON.parse(fs.readFileSync(file, "utf8"));

(function close(node) {
    if (node === null || typeof node !== "object") {
        return;
    }

    Object.values(node).forEach(close);

    if (node.type === "object" && node.properties) {
        node.additionalProperties = false;
    }
})(schema);

const validate = new Ajv({ allErrors: true }).compile(schema);

readline.createInterface({ input: process.stdin }).on("line", line => {
    console.log(validate(JSON.parse(line)) ? "" : validate.errors
        .map(error => error.instancePath + " " + error.message).join("; "));
});
