using Sidestep.Agent.Running;

namespace Sidestep.UnitTests.Agent.Running;

public sealed class TurnProgressTests : RunningFixture
{
    [Fact]
    public void A_loop_that_ends_no_turn_makes_no_progress()
    {
        Start(Options);
        var progress = new TurnProgress(Agent.Loop);
        progress.HasTurned();
        Assert.False(progress.HasTurned());
        Turn(false);
        Assert.True(progress.HasTurned());
        Assert.False(progress.HasTurned());
    }

    [Fact]
    public void A_turn_with_an_error_is_progress()
    {
        Start(Options);
        var progress = new TurnProgress(Agent.Loop);
        progress.HasTurned();
        Kernel.Rejects = static c => c == "read" ? new IOException("no inventory") : null;
        SetSpec(7, TestSpec.Vip);
        Assert.True(progress.HasTurned());
    }
}
