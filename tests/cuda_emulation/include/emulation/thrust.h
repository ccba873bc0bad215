// The part of Thrust that Brian2CUDA uses: vectors on either side, and five algorithms.
#pragma once

namespace thrust {

template <class T>
struct device_ptr;

// A value on the device that host code reads and writes through.
template <class T>
class device_reference {
   public:
    explicit device_reference(T* at) : at_(at) {}
    operator T() const {
        emulation::DeviceAccess access;
        return *at_;
    }
    device_reference& operator=(const T& value) {
        emulation::DeviceAccess access;
        *at_ = value;
        return *this;
    }
    device_reference& operator=(const device_reference& other) { return *this = T(other); }
    device_reference& operator+=(const T& value) { return *this = T(*this) + value; }
    device_ptr<T> operator&() const { return device_ptr<T>(at_); }

   private:
    T* at_;
};

template <class T>
struct device_ptr {
    T* at;
    device_ptr(T* at = nullptr) : at(at) {}
    device_reference<T> operator*() const { return device_reference<T>(at); }
    device_reference<T> operator[](ptrdiff_t i) const { return device_reference<T>(at + i); }
    device_ptr operator+(ptrdiff_t i) const { return at + i; }
    ptrdiff_t operator-(device_ptr other) const { return at - other.at; }
    bool operator==(device_ptr other) const { return at == other.at; }
    bool operator!=(device_ptr other) const { return at != other.at; }
};

template <class T>
T* raw_pointer_cast(device_ptr<T> pointer) {
    return pointer.at;
}
template <class T>
T* raw_pointer_cast(T* pointer) {
    return pointer;
}

template <class T>
class device_vector;

template <class T>
class host_vector : public std::vector<T> {
   public:
    using std::vector<T>::vector;
    host_vector() = default;
    host_vector(const device_vector<T>& other) { *this = other; }
    host_vector& operator=(const device_vector<T>& other) {
        this->resize(other.size());
        emulation::DeviceAccess access;
        std::copy_n(other.begin().at, other.size(), this->begin());
        return *this;
    }
};

template <class T>
class device_vector {
   public:
    device_vector() = default;
    explicit device_vector(size_t size, const T& value = T()) { resize(size, value); }
    device_vector(const device_vector& other) { assign(other.at_, other.size_); }
    device_vector(const std::vector<T>& other) { assign(other.data(), other.size()); }
    ~device_vector() { emulation::device_memory().release(at_); }
    device_vector& operator=(const std::vector<T>& other) {
        assign(other.data(), other.size());
        return *this;
    }
    device_vector& operator=(const device_vector& other) {
        if (this != &other) assign(other.at_, other.size_);
        return *this;
    }

    void reserve(size_t room) {
        if (room <= room_) return;
        T* moved = static_cast<T*>(emulation::device_memory().allocate(room * sizeof(T)));
        if (!moved) throw std::bad_alloc();
        {
            emulation::DeviceAccess access;
            std::copy_n(at_, size_, moved);
        }
        emulation::device_memory().release(at_);
        at_ = moved;
        room_ = room;
    }
    void resize(size_t size, const T& value = T()) {
        if (size > room_) reserve(std::max(size, 2 * room_));
        emulation::DeviceAccess access;
        for (size_t i = size_; i < size; ++i) at_[i] = value;
        size_ = size;
    }
    void shrink_to_fit() {}
    void push_back(const T& value) { resize(size_ + 1, value); }
    void clear() { size_ = 0; }
    void swap(device_vector& other) {
        std::swap(at_, other.at_);
        std::swap(size_, other.size_);
        std::swap(room_, other.room_);
    }
    size_t size() const { return size_; }
    bool empty() const { return !size_; }
    device_reference<T> operator[](size_t i) const { return device_reference<T>(at_ + i); }
    device_ptr<T> begin() const { return at_; }
    device_ptr<T> end() const { return at_ + size_; }
    device_ptr<T> data() const { return at_; }

   private:
    void assign(const T* from, size_t size) {
        size_ = 0;
        reserve(size);
        emulation::DeviceAccess access;
        std::copy_n(from, size, at_);
        size_ = size;
    }

    T* at_ = nullptr;
    size_t size_ = 0, room_ = 0;
};

template <class A, class B>
using pair = std::pair<A, B>;

struct system_error : std::runtime_error {
    using std::runtime_error::runtime_error;
};

template <class T, class Predicate>
ptrdiff_t count_if(device_ptr<T> start, device_ptr<T> stop, Predicate predicate) {
    emulation::DeviceAccess access;
    return std::count_if(start.at, stop.at, predicate);
}
template <class T, class Predicate>
device_ptr<T> copy_if(device_ptr<T> start, device_ptr<T> stop, device_ptr<T> to,
                      Predicate predicate) {
    emulation::DeviceAccess access;
    return std::copy_if(start.at, stop.at, to.at, predicate);
}
template <class Iterator>
void sequence(Iterator start, Iterator stop) {
    std::iota(start, stop, 0);
}

// These are only used on the host. Thrust's sort_by_key is not said to be stable; this one is.
template <class Keys, class Values>
void sort_by_key(Keys start, Keys stop, Values values) {
    const std::vector keys(start, stop);
    const std::vector unsorted(values, values + keys.size());
    std::vector<size_t> order(keys.size());
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(),
                     [&](size_t i, size_t j) { return keys[i] < keys[j]; });
    for (size_t i : order) {
        *start++ = keys[i];
        *values++ = unsorted[i];
    }
}
template <class Keys, class Values>
pair<Keys, Values> unique_by_key(Keys start, Keys stop, Values values) {
    Keys key_end = start;
    Values value_end = values;
    for (Keys key = start; key != stop; ++key, ++values) {
        if (key != start && *key == *(key_end - 1)) continue;
        *key_end++ = *key;
        *value_end++ = *values;
    }
    return {key_end, value_end};
}

}  // namespace thrust
