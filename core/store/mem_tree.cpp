#include "core/store/mem_tree.h"

#include <utility>
#include <vector>

#include "core/base/random.h"

namespace tenuto {

struct MemTree::Entry {
  Bytes key;
  Bytes value;
};

struct MemTree::Node {
  std::shared_ptr<const Entry> entry;
  std::uint64_t priority = 0;
  std::uint64_t edit = 0;
  Link left;
  Link right;
};

namespace {

std::uint64_t priority_of(ByteView key) {
  return mix64(std::hash<ByteView>{}(key));
}

}  // namespace

MemTree::Node* MemTree::editable(Link& link, std::uint64_t edit) {
  if (link->edit != edit) {
    link = std::make_shared<Node>(*link);
    link->edit = edit;
  }
  return link.get();
}

const Bytes* MemTree::find(ByteView key) const {
  const Node* node = root_.get();
  while (node != nullptr) {
    const int order = key.compare(node->entry->key);
    if (order == 0) return &node->entry->value;
    node = order < 0 ? node->left.get() : node->right.get();
  }
  return nullptr;
}

void MemTree::scan(ByteView from, const Visit& visit) const {
  std::vector<const Node*> path;  // nodes whose entry and right subtree are still to be visited
  const auto descend = [&](const Node* node) {
    while (node != nullptr) {
      if (ByteView(node->entry->key) < from) {
        node = node->right.get();
      } else {
        path.push_back(node);
        node = node->left.get();
      }
    }
  };
  descend(root_.get());
  while (!path.empty()) {
    const Node* node = path.back();
    path.pop_back();
    if (!visit(node->entry->key, node->entry->value)) return;
    descend(node->right.get());
  }
}

void MemTree::scan_back(ByteView from, const Visit& visit) const {
  std::vector<const Node*> path;  // nodes whose entry and left subtree are still to be visited
  const auto descend = [&](const Node* node) {
    while (node != nullptr) {
      if (!from.empty() && ByteView(node->entry->key) > from) {
        node = node->left.get();
      } else {
        path.push_back(node);
        node = node->right.get();
      }
    }
  };
  descend(root_.get());
  while (!path.empty()) {
    const Node* node = path.back();
    path.pop_back();
    if (!visit(node->entry->key, node->entry->value)) return;
    descend(node->left.get());
  }
}

void MemTree::put(ByteView key, ByteView value, std::uint64_t edit) {
  const auto entry = std::make_shared<const Entry>(Entry{Bytes(key), Bytes(value)});
  if (const Bytes* old = find(key)) {
    bytes_ = bytes_ - old->size() + value.size();
    replace(root_, entry, edit);
    return;
  }
  insert(root_, entry, priority_of(key), edit);
  ++size_;
  bytes_ += key.size() + value.size();
}

void MemTree::erase(ByteView key, std::uint64_t edit) {
  const Bytes* old = find(key);
  if (old == nullptr) return;
  --size_;
  bytes_ -= key.size() + old->size();
  remove(root_, key, edit);
}

void MemTree::replace(Link& link, const std::shared_ptr<const Entry>& entry, std::uint64_t edit) {
  Node* node = editable(link, edit);
  const int order = entry->key.compare(node->entry->key);
  if (order == 0) {
    node->entry = entry;
  } else {
    replace(order < 0 ? node->left : node->right, entry, edit);
  }
}

void MemTree::insert(Link& link, const std::shared_ptr<const Entry>& entry, std::uint64_t priority,
                     std::uint64_t edit) {
  if (link != nullptr && link->priority >= priority) {
    Node* node = editable(link, edit);
    insert(entry->key < node->entry->key ? node->left : node->right, entry, priority, edit);
    return;
  }
  auto node = std::make_shared<Node>(Node{entry, priority, edit, nullptr, nullptr});
  split(std::move(link), entry->key, node->left, node->right, edit);
  link = std::move(node);
}

void MemTree::split(Link tree, ByteView key, Link& below, Link& above, std::uint64_t edit) {
  if (tree == nullptr) {
    below = nullptr;
    above = nullptr;
    return;
  }
  Node* node = editable(tree, edit);
  Link rest;
  if (ByteView(node->entry->key) < key) {
    split(std::move(node->right), key, rest, above, edit);
    node->right = std::move(rest);
    below = std::move(tree);
  } else {
    split(std::move(node->left), key, below, rest, edit);
    node->left = std::move(rest);
    above = std::move(tree);
  }
}

MemTree::Link MemTree::merge(Link below, Link above, std::uint64_t edit) {
  if (below == nullptr) return above;
  if (above == nullptr) return below;
  if (below->priority >= above->priority) {
    Node* node = editable(below, edit);
    node->right = merge(std::move(node->right), std::move(above), edit);
    return below;
  }
  Node* node = editable(above, edit);
  node->left = merge(std::move(below), std::move(node->left), edit);
  return above;
}

void MemTree::remove(Link& link, ByteView key, std::uint64_t edit) {
  const int order = key.compare(link->entry->key);
  Node* node = editable(link, edit);
  if (order != 0) {
    remove(order < 0 ? node->left : node->right, key, edit);
    return;
  }
  link = merge(std::move(node->left), std::move(node->right), edit);
}

}  // namespace tenuto
