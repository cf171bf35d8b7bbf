// The rows of a picture that may be drawn over itself, band by band: each band reads its neighbours' rows as they were.
#pragma once

#include <condition_variable>
#include <mutex>
#include <vector>

#include "bokeh_picture.hpp"

namespace nightjar {

// A band reads up to `around` rows of the bands before and behind it, no more than each has. Who is about to draw keeps
// a copy of what a neighbour has yet to read, and waits for one that is reading; nobody waits while reading.
class UndrawnRows {
public:
    // out  what is drawn; the picture's own memory, or none of it, which needs no care
    UndrawnRows(const FocusPicture& picture, const float* out, int band, int around);

    int bands() const { return static_cast<int>(bands_.size()); }

    // While it lives, a band's rows and those around can be read.
    class Reading {
    public:
        Reading(UndrawnRows& rows, int band);
        ~Reading();
        Reading(const Reading&) = delete;
        Reading& operator=(const Reading&) = delete;

        const float* row(int y) const;

    private:
        UndrawnRows& rows_;
        int band_;
    };

    // Returns when this band may be drawn.
    void wait_to_draw(int band);

private:
    enum class State { untouched, read_now, read };

    struct Band {
        State state = State::untouched;
        std::vector<float> first, last;  // its rows as they were, for the band before and the one behind
    };

    bool drawn_over() const { return picture_.pixels == out_; }
    int top(int band) const { return band * height_; }
    int bottom(int band) const { return std::min(top(band) + height_, picture_.height); }
    void keep(int top, int bottom, std::vector<float>& copy) const;
    void wait_for(int neighbour, std::unique_lock<std::mutex>& lock);

    const FocusPicture& picture_;
    const float* out_;
    int height_, around_;
    std::vector<Band> bands_;
    std::mutex guard_;
    std::condition_variable changed_;
};

}  // namespace nightjar
