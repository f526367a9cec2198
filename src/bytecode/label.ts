/** The label that names the magic number of an image's bytecode: another interpreter cannot read it. */
export const bytecodeLabel = 'tare.bytecode.magic';
