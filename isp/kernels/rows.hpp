// A picture seen one row at a time.
//
// Each stage asks the stage before it for the rows it needs and keeps its own last few rows in a ring. Asking for rows
// 0, 1, 2 ... of the last stage therefore runs the whole chain with a working set of a few rows, and each row is made
// once. A row depends only on the input, never on who asked: any number of threads gives the same bytes.
//
// Bayer rows are kept as two half rows, even columns and odd columns, so that neighbours of one colour are contiguous
// in memory; this is what lets the compiler vectorise plain loops.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

// Put before a loop over the pixels of rows: input and output rows are different memory, so the compiler may work on
// many pixels at once without checking. (A `restrict` on local pointers does not get that through.)
#define ROWS_DO_NOT_OVERLAP _Pragma("GCC ivdep")

namespace nightjar {

// What rows hold: half rows of a mosaic, linear red, green and blue, or the same three planes in whole display codes.
enum class Kind { bayer, rgb, display };

// Columns kept free on each side of a half row or row; large enough for the widest blur (sharpen, 5 px sigma).
constexpr int margin = 16;

struct Row {
    const float* plane[3];  // bayer: even columns, odd columns, unused; else red, green, blue
};

struct MutableRow {
    float* plane[3];
};

// Mirrors an index at both ends without repeating the end: ... 2 1 | 0 1 2 ... n-1 | n-2 ... It keeps the parity of a
// column or row, so the Bayer colour survives.
inline int mirrored(int index, int count) {
    if (count == 1) return 0;
    // Nearly always one reflection is enough; a division would cost more than the rest of a row's margins.
    if (index < 0 && -index < count) return -index;
    if (index >= count && index <= 2 * (count - 1)) return 2 * (count - 1) - index;
    if (index >= 0 && index < count) return index;
    const int period = 2 * (count - 1);
    int folded = index % period;
    if (folded < 0) folded += period;
    return folded < count ? folded : period - folded;
}

// The part of a picture that a chain works on: all rows, some columns. Its own left and right edges are mirrored like
// the picture's, so stages give wrong values near an edge inside the picture; the chain makes tiles wider by as much
// as its stages look sideways and throws that away.
struct Tile {
    int height;
    int width;          // columns of the tile
    int left;           // first column in the picture; even, so that the Bayer colours stay in place
    int picture_width;
};

class Rows {
public:
    Rows(Kind kind, const Tile& tile);
    virtual ~Rows() = default;
    Rows(const Rows&) = delete;
    Rows& operator=(const Rows&) = delete;

    // The consumer says how many rows above and below it will look at once, and whether it looks sideways.
    void keep(int rows_around, bool sideways);

    // Row y; rows outside the picture are mirrored. Valid until rows further than `rows_around` away are asked for.
    Row row(int y);

    const Kind kind;
    const Tile tile;
    const int height;
    const int width;
    // Values per plane: half the columns (rounded up) of a Bayer row, all of an RGB row.
    const int count;

protected:
    virtual void make(int y, const MutableRow& out) = 0;

private:
    void fill_margins(const MutableRow& row) const;

    // A place of the ring, and which row of the picture lies there; -1 for none.
    struct Slot {
        MutableRow memory;
        int y;
    };

    std::vector<Slot> ring_;
    std::vector<float> memory_;
    std::ptrdiff_t stride_ = 0;
    bool sideways_ = false;
};

inline int planes_of(Kind kind) { return kind == Kind::bayer ? 2 : 3; }

}  // namespace nightjar
