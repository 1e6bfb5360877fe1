using Sidestep.Agent.Running;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class OngoingErrorsTests
{
    private readonly OngoingErrors _errors = new();

    [Fact]
    public void The_same_error_under_the_same_key_is_new_once()
    {
        var isNew = new[] { ("x", "a"), ("x", "a"), ("y", "a"), ("x", "b"), ("x", "b"), ("x", "a") }
            .Select(e => _errors.IsNew(e.Item1, e.Item2));
        Assert.Equal([true, false, true, true, false, true], isNew);
    }

    [Fact]
    public void An_error_that_returns_after_its_end_is_new_again()
    {
        Assert.True(_errors.IsNew("x", "a"));
        Assert.True(_errors.IsNew("y", "a"));
        _errors.End("x");
        _errors.End("unknown");
        Assert.True(_errors.IsNew("x", "a"));
        Assert.False(_errors.IsNew("y", "a"));
    }
}
