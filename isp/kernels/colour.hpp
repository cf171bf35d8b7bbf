// The colour matrix on RGB rows.
#pragma once

#include <array>

#include "rows.hpp"

namespace nightjar {

class Colour final : public Rows {
public:
    Colour(Rows& input, std::array<float, 9> matrix);

protected:
    void make(int y, const MutableRow& out) override;

private:
    Rows& input_;
    std::array<float, 9> matrix_;
};

}  // namespace nightjar
