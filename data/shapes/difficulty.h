// Every number that decides how hard the generated data are, in one place. They are meant to leave
// room between a short training and a long one: a saturated data set would say nothing about
// pre-training. Lengths are pixels at the native size; colours are fractions of full scale.
#pragma once

namespace denovo::data::difficulty {

/// At another --size all lengths are multiplied by size / kNativeSize.
inline constexpr int kNativeSize = 192;

struct Range {
  float low, high;
};

// Square root of an object's area, drawn in COCO's ranges (32^2 and 96^2 are the borders) and
// kept a little inside, because occlusion makes objects smaller. The probabilities are those of
// drawing; large objects are more often rejected for want of room.
inline constexpr Range kSmallSide{21, 31}, kMediumSide{35, 90}, kLargeSide{106, 138};
inline constexpr float kSmallProbability = 0.26f, kMediumProbability = 0.18f;
inline constexpr float kMaxAspect = 2.2f;
inline constexpr float kMaxRotation = 0.5f;  // radians, either way

// Occlusion: what must stay visible of an object, of its area and in pixels.
inline constexpr float kMinVisible = 0.66f;
inline constexpr float kMinInside = 0.65f;  // of its area inside the image
inline constexpr float kMinVisiblePixels = 140;

// Colours say nothing about the class; figures are brighter than the background on average, so that
// a network need not see thousands of images before it finds them at all.
inline constexpr Range kAnyValues{0.06f, 0.94f}, kBackgroundValues{0.05f, 0.45f},
    kFigureValues{0.4f, 0.95f};

// Contrast: distance of two colours, the root mean square over R, G, B.
inline constexpr float kMinObjectContrast = 0.3f;     // to the mean of the background
inline constexpr Range kTextureContrast{0.4f, 0.7f};  // between the two colours of a texture
inline constexpr Range kBackgroundContrast{0.02f, 0.08f};
inline constexpr Range kNoise{0.005f, 0.025f};  // standard deviation
inline constexpr float kShading = 0.2f;         // largest change of brightness across an image

// Textures: length of a period relative to the object's side, and the shortest in pixels.
inline constexpr Range kTexturePeriod{0.22f, 0.36f};
inline constexpr float kMinTexturePeriod = 6.0f;

// Clutter: figures that belong to no class, behind the objects; wires run in front of them.
inline constexpr int kMaxLines = 3, kMaxDistractors = 1, kMaxWires = 1;
inline constexpr Range kDistractorSide{14, 70};
inline constexpr float kWireProbability = 0.15f;

// Crowds: clusters of small objects of one class.
inline constexpr float kCrowdProbability = 0.10f;
inline constexpr int kMinCrowd = 6, kMaxCrowd = 10;
inline constexpr Range kCrowdSide{12, 19};

}  // namespace denovo::data::difficulty
