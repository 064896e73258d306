package dev.stalk.worker.config;

/**
 * What everything that reads a configuration shares.
 *
 * @param problems takes what is wrong
 * @param substitution replaces what stands for something else
 * @param origins takes where the values that were read stood
 */
record Reading(Problems problems, Substitution substitution, Origins origins) {}
