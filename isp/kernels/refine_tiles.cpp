#include "refine_tiles.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "pieces.hpp"
#include "rows.hpp"

namespace nightjar {

namespace {

constexpr int side = fine_pitch;
// Values between pixels are taken from the cubic through one pixel before and two behind.
constexpr int taps = 4, before = 1, behind = 2;
// The outermost pixels' grey is mirrored: it would stand still.
constexpr int rim = 1;

struct Shift {
    double y, x;
};

// Plain sums over a cell; `d` is the frame, moved, less the reference.
struct CellSums {
    double pixels, y, x, d, yy, yx, xx, yd, xd, dd, nn;
    Shift stray;  // by which the cell was moved, beside the model
};

// The pixels of a cell that lie in both pictures with all that is read around them.
struct Span {
    int first, end;

    int count() const { return end - first; }
};

Span span_of(int cell, int length, int moved) {
    const int first = std::max({cell * side, rim + 1, rim + before - moved});
    const int end = std::min({(cell + 1) * side, length - rim - 1, length - rim - behind - moved});
    return {first, std::max(first, end)};
}

// Whole pixels and what is left, with the weights of the four pixels around.
struct Step {
    int whole;
    float weights[taps];

    // No picture is that large: what lies farther lies outside.
    explicit Step(double shift) {
        const double held = std::clamp(shift, -1e6, 1e6), floor = std::floor(held), t = held - floor;
        whole = static_cast<int>(floor);
        weights[0] = static_cast<float>(-t * (t - 1) * (t - 2) / 6);
        weights[1] = static_cast<float>((t + 1) * (t - 1) * (t - 2) / 2);
        weights[2] = static_cast<float>(-(t + 1) * t * (t - 2) / 2);
        weights[3] = static_cast<float>((t + 1) * t * (t - 1) / 6);
    }
};

// Rows of the frame between its columns.
using Buffer = float[side + taps - 1][side];

void move_across(const std::uint16_t* from, std::ptrdiff_t width, int rows, int columns, const Step& step,
                 Buffer& out) {
    const float a = step.weights[0], b = step.weights[1], c = step.weights[2], d = step.weights[3];
    for (int y = 0; y < rows; ++y, from += width) {
        ROWS_DO_NOT_OVERLAP
        for (int x = 0; x < columns; ++x) {
            out[y][x] = a * from[x] + b * from[x + 1] + c * from[x + 2] + d * from[x + 3];
        }
    }
}

enum Sum { sum_y, sum_x, sum_d, sum_yy, sum_yx, sum_xx, sum_yd, sum_xd, sum_dd, sum_nn, sums_kept };
using Columns = float[sums_kept][side];

void add_row(const std::uint16_t* reference, std::ptrdiff_t width, const float (*moved)[side], const float* weights,
             int columns, Columns& sums) {
    const float a = weights[0], b = weights[1], c = weights[2], e = weights[3];
    ROWS_DO_NOT_OVERLAP
    for (int x = 0; x < columns; ++x) {
        const float there = a * moved[0][x] + b * moved[1][x] + c * moved[2][x] + e * moved[3][x];
        const float d = there - static_cast<float>(reference[x]);
        const float gy = 0.5f * static_cast<float>(reference[x + width] - reference[x - width]);
        const float gx = 0.5f * static_cast<float>(reference[x + 1] - reference[x - 1]);
        sums[sum_y][x] += gy;
        sums[sum_x][x] += gx;
        sums[sum_d][x] += d;
        sums[sum_yy][x] += gy * gy;
        sums[sum_yx][x] += gy * gx;
        sums[sum_xx][x] += gx * gx;
        sums[sum_yd][x] += gy * d;
        sums[sum_xd][x] += gx * d;
        sums[sum_dd][x] += d * d;
        const float ny = static_cast<float>(reference[x + width] - reference[x]);
        const float nx = static_cast<float>(reference[x + 1] - reference[x]);
        sums[sum_nn][x] += ny * ny + nx * nx;
    }
}

CellSums cell_sums(const FinePair& pair, int row, int column, const Shift& shift, const Shift& model) {
    const Step down(shift.y), across(shift.x);
    const Span rows = span_of(row, pair.height, down.whole), columns = span_of(column, pair.width, across.whole);
    CellSums out{};
    out.stray = {shift.y - model.y, shift.x - model.x};
    if (rows.count() <= 0 || columns.count() <= 0) return out;
    const std::ptrdiff_t width = pair.width;
    const std::uint16_t* reference = pair.reference + rows.first * width + columns.first;
    const std::uint16_t* frame =
        pair.frame + (rows.first + down.whole - before) * width + columns.first + across.whole - before;
    Buffer moved;
    Columns sums{};
    move_across(frame, width, rows.count() + taps - 1, columns.count(), across, moved);
    for (int y = 0; y < rows.count(); ++y) {
        add_row(reference + y * width, width, moved + y, down.weights, columns.count(), sums);
    }
    double whole[sums_kept] = {};
    for (int k = 0; k < sums_kept; ++k) {
        for (int x = 0; x < columns.count(); ++x) whole[k] += sums[k][x];
    }
    out.pixels = static_cast<double>(rows.count()) * columns.count();
    out.y = whole[sum_y];
    out.x = whole[sum_x];
    out.d = whole[sum_d];
    out.yy = whole[sum_yy];
    out.yx = whole[sum_yx];
    out.xx = whole[sum_xx];
    out.yd = whole[sum_yd];
    out.xd = whole[sum_xd];
    out.dd = whole[sum_dd];
    out.nn = whole[sum_nn];
    return out;
}

class Cells {
public:
    Cells(const FinePair& pair, const FineField& field, double apart)
        : pair_(pair), field_(field), apart_(apart), columns_(field.columns - 1) {
        cells_.resize(static_cast<std::size_t>(field.rows - 1) * columns_);
        mixed_.resize(cells_.size());
    }

    void read(int row) {
        for (int column = 0; column < columns_; ++column) {
            const std::size_t cell = static_cast<std::size_t>(row) * columns_ + column;
            mixed_[cell] = differs(row, column);
            if (!mixed_[cell]) {
                cells_[cell] = cell_sums(pair_, row, column, mean(field_.vectors, row, column),
                                         mean(field_.model, row, column));
            }
        }
    }

    // What the four cells around a place say together.
    void place(int row, int column, double* out) const {
        CellSums all{};
        double ye = 0.0, xe = 0.0, e = 0.0;
        for (const int y : {row - 1, row}) {
            for (const int x : {column - 1, column}) {
                if (y < 0 || x < 0 || y >= field_.rows - 1 || x >= columns_) continue;
                const CellSums cell = seen_from(row, column, y, x);
                all.pixels += cell.pixels;
                all.y += cell.y;
                all.x += cell.x;
                all.d += cell.d;
                all.yy += cell.yy;
                all.yx += cell.yx;
                all.xx += cell.xx;
                all.dd += cell.dd;
                all.nn += cell.nn;
                // Moved back by its stray the frame would differ by so much, as far as slopes can tell.
                ye += cell.yd - (cell.yy * cell.stray.y + cell.yx * cell.stray.x);
                xe += cell.xd - (cell.yx * cell.stray.y + cell.xx * cell.stray.x);
                e += cell.d - (cell.y * cell.stray.y + cell.x * cell.stray.x);
            }
        }
        const double share = all.pixels > 0.0 ? 1.0 / all.pixels : 0.0;
        out[0] = all.yy - all.y * all.y * share;
        out[1] = all.yx - all.y * all.x * share;
        out[2] = all.xx - all.x * all.x * share;
        out[3] = ye - all.y * e * share;
        out[4] = xe - all.x * e * share;
        out[5] = all.dd - all.d * all.d * share;
        out[6] = all.pixels;
        out[7] = all.nn;
    }

private:
    Shift at(const double* field, int row, int column) const {
        const double* pair = field + 2 * (static_cast<std::ptrdiff_t>(row) * field_.columns + column);
        return {pair[0], pair[1]};
    }

    Shift mean(const double* field, int row, int column) const {
        const Shift a = at(field, row, column), b = at(field, row, column + 1), c = at(field, row + 1, column),
                    d = at(field, row + 1, column + 1);
        return {0.25 * (a.y + b.y + c.y + d.y), 0.25 * (a.x + b.x + c.x + d.x)};
    }

    bool differs(int row, int column) const {
        Shift low{1e9, 1e9}, high{-1e9, -1e9};
        for (const int y : {row, row + 1}) {
            for (const int x : {column, column + 1}) {
                const Shift vector = at(field_.vectors, y, x), model = at(field_.model, y, x);
                low = {std::min(low.y, vector.y - model.y), std::min(low.x, vector.x - model.x)};
                high = {std::max(high.y, vector.y - model.y), std::max(high.x, vector.x - model.x)};
            }
        }
        return high.y - low.y > apart_ || high.x - low.x > apart_;
    }

    CellSums seen_from(int row, int column, int cell_row, int cell_column) const {
        const std::size_t cell = static_cast<std::size_t>(cell_row) * columns_ + cell_column;
        if (!mixed_[cell]) return cells_[cell];
        return cell_sums(pair_, cell_row, cell_column, at(field_.vectors, row, column),
                         at(field_.model, row, column));
    }

    const FinePair& pair_;
    const FineField& field_;
    double apart_;
    int columns_;
    std::vector<CellSums> cells_;
    std::vector<std::uint8_t> mixed_;
};

}  // namespace

void fine_tiles(const FinePair& pair, const FineField& field, double apart, double* sums, int threads) {
    Cells cells(pair, field, apart);
    run_pieces(threads_for(threads), field.rows - 1, [&](int, int row) { cells.read(row); });
    run_pieces(threads_for(threads), field.rows, [&](int, int row) {
        for (int column = 0; column < field.columns; ++column) {
            cells.place(row, column, sums + fine_sums * (static_cast<std::ptrdiff_t>(row) * field.columns + column));
        }
    });
}

}  // namespace nightjar
