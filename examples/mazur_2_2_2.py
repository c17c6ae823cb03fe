"""Matt Mazur, A Step by Step Backpropagation Example (2015): one step of gradient descent, exactly as printed there.

https://mattmazur.com/2015/03/17/a-step-by-step-backpropagation-example/
The article leaves the biases as they are. Its gradients and new weights are right; the loss it prints after the step,
0.291027924, is not: 0.291027774 is what these weights give.
"""

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.set_printoptions(precision=9)

x = torch.tensor([[0.05, 0.10]])
target = torch.tensor([[0.01, 0.99]])

hidden = nn.Linear(2, 2)
output = nn.Linear(2, 2)
with torch.no_grad():
    hidden.weight.copy_(torch.tensor([[0.15, 0.20], [0.25, 0.30]]))
    hidden.bias.fill_(0.35)
    output.weight.copy_(torch.tensor([[0.40, 0.45], [0.50, 0.55]]))
    output.bias.fill_(0.60)
hidden.bias.requires_grad_(False)
output.bias.requires_grad_(False)

model = nn.Sequential(hidden, nn.Sigmoid(), output, nn.Sigmoid())
optimizer = torch.optim.SGD([hidden.weight, output.weight], lr=0.5)


def error(outputs):
    return (0.5 * (target - outputs) ** 2).sum()


loss = error(model(x))
print(f"total error {loss.item():.9f}")

optimizer.zero_grad()
loss.backward()
optimizer.step()

print("gradients of w1 to w4 and of w5 to w8")
print(hidden.weight.grad)
print(output.weight.grad)
print("new weights w1 to w4 and w5 to w8")
print(hidden.weight.detach())
print(output.weight.detach())
with torch.no_grad():
    print(f"total error after the step {error(model(x)).item():.9f}")
