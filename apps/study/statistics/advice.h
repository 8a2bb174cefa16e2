// The study's answer in words.
#pragma once

#include <string>

#include "apps/study/statistics/claims.h"

namespace denovo::study {

struct Advice {
  std::string text;   // two sentences: what the arm is worth, and what longer training does to it
  std::string surer;  // one sentence: what would make the answer surer
};

/// On the largest size. The first sentence is about the shortest schedule, where pre-training has
/// the best chances, whatever was measured; the second about the longer ones. "Worth less than the
/// margin from T iterations on" is said when the interval of P - S lies below the margin at T and
/// at every longer schedule (looked through from the longest down, which needs no correction for
/// looking often). What an interval does not exclude is called open. Sizes and iterations are in
/// ArmClaims::breakdown and ::parity.
///
/// The arm is called "pre-training" when it is the only one, else by its name.
Advice advise(const Design& design, const ArmClaims& claims);

}  // namespace denovo::study
