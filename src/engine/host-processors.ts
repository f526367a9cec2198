/**
 * What the machine's own processors are. A program for others that believes it ends: `cpuinfo` of onnxruntime and torch
 * by a segmentation fault, under qemu 7.2.
 */
export const hostProcessors = '/sys/devices/system/cpu';
