using Sidestep.Control.Health;

namespace Sidestep.UnitTests.Control.Health;

public sealed class ProbeResultTests
{
    [Theory]
    [InlineData(299, 299)]
    [InlineData(300, 300)]
    [InlineData(301, 300)]
    public void Reason_of_a_failure_is_cut_after_300_characters(int length, int expected) =>
        Assert.Equal(new string('x', expected), ProbeResult.Failure(new string('x', length)).Reason);

    [Fact]
    public void Each_kind_has_its_reason()
    {
        Assert.Equal((ProbeResultKind.Success, ""), (ProbeResult.Success.Kind, ProbeResult.Success.Reason));
        Assert.Equal(new ProbeResult(ProbeResultKind.Failure, "refused"), ProbeResult.Failure("refused"));
        Assert.Equal(new ProbeResult(ProbeResultKind.NotSent, "no route"), ProbeResult.NotSent("no route"));
        Assert.Equal(new ProbeResult(ProbeResultKind.Exempt, "local"), ProbeResult.Exempt("local"));
        Assert.Throws<ArgumentNullException>(static () => ProbeResult.Failure(null!));
    }
}
