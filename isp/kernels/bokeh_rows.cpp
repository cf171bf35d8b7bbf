#include "bokeh_rows.hpp"

#include <algorithm>

namespace nightjar {

namespace {

void forget(std::vector<float>& copy) { std::vector<float>().swap(copy); }

}  // namespace

UndrawnRows::UndrawnRows(const FocusPicture& picture, const float* out, int band, int around)
    : picture_(picture), out_(out), height_(band), around_(around), bands_((picture.height + band - 1) / band) {}

void UndrawnRows::keep(int top, int bottom, std::vector<float>& copy) const {
    copy.assign(picture_.row(top), picture_.row(bottom));
}

void UndrawnRows::wait_for(int neighbour, std::unique_lock<std::mutex>& lock) {
    changed_.wait(lock, [&] { return bands_[neighbour].state != State::read_now; });
}

void UndrawnRows::wait_to_draw(int band) {
    if (!drawn_over()) return;
    std::unique_lock<std::mutex> lock(guard_);
    if (band > 0) {
        wait_for(band - 1, lock);
        if (bands_[band - 1].state == State::untouched) {
            keep(top(band), std::min(top(band) + around_, bottom(band)), bands_[band].first);
        }
    }
    if (band + 1 < bands()) {
        wait_for(band + 1, lock);
        if (bands_[band + 1].state == State::untouched) {
            keep(std::max(bottom(band) - around_, top(band)), bottom(band), bands_[band].last);
        }
    }
}

UndrawnRows::Reading::Reading(UndrawnRows& rows, int band) : rows_(rows), band_(band) {
    const std::lock_guard<std::mutex> lock(rows.guard_);
    rows.bands_[band].state = State::read_now;
}

UndrawnRows::Reading::~Reading() {
    {
        const std::lock_guard<std::mutex> lock(rows_.guard_);
        rows_.bands_[band_].state = State::read;
        if (band_ > 0) forget(rows_.bands_[band_ - 1].last);
        if (band_ + 1 < rows_.bands()) forget(rows_.bands_[band_ + 1].first);
    }
    rows_.changed_.notify_all();
}

const float* UndrawnRows::Reading::row(int y) const {
    const std::int64_t wide = 3 * static_cast<std::int64_t>(rows_.picture_.width);
    const int top = rows_.top(band_), bottom = rows_.bottom(band_);
    if (y < top && !rows_.bands_[band_ - 1].last.empty()) {
        const std::vector<float>& kept = rows_.bands_[band_ - 1].last;
        return kept.data() + kept.size() - (top - y) * wide;
    }
    if (y >= bottom && !rows_.bands_[band_ + 1].first.empty()) {
        return rows_.bands_[band_ + 1].first.data() + (y - bottom) * wide;
    }
    return rows_.picture_.row(y);
}

}  // namespace nightjar
