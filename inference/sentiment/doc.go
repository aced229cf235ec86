// Package sentiment says whether a text is positive, neutral or negative, in
// English and Chinese, how sure that is, and what every word had to do with it.
//
// It holds VADER for English word by word as its reference computes it, the
// learned review models, one verdict over both, and corrections. All of it
// works without a network.
package sentiment
