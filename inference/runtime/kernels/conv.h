// What the convolution and its gradient share.
#ifndef ATHANOR_KERNELS_CONV_H
#define ATHANOR_KERNELS_CONV_H

#include "kernels.h"
#include "op.h"

enum { CONV_SIZES = 17 }; // numbers of a convolution in the graph

// read_shape takes a node's numbers, in the order of package graph.
conv_shape read_shape(const kernel *k);
// derive fills in what follows from the others.
void derive(conv_shape *s);
// groups is into how many tasks a batch is cut, each taking scratch floats.
int groups(int batch, size_t scratch);
// up rounds a number of floats to whole cache lines.
size_t up(size_t n);

#endif
