using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;

namespace Sidestep.UnitTests.Agent.Running;

/// <summary>Start and stop of a running agent.</summary>
public sealed class AgentServiceTests : RunningFixture
{
    [Fact]
    public void The_operator_is_served_while_the_loop_runs_and_no_longer()
    {
        Start(Options);
        SetSpec(7, TestSpec.Vip);
        RunOneTurn(() => Assert.Equal("draining", RunningAgent.SendCommand(State.Path, RunningAgent.Drain)));
        Assert.Equal("draining", StoredAdminState.Read(State.Path));
        Assert.Null(RunningAgent.SendCommand(State.Path, RunningAgent.Status));
        Assert.False(File.Exists(StateStore.SocketPath(State.Path)));
    }

    [Fact]
    public void The_spec_file_is_watched_while_the_loop_runs_and_no_longer()
    {
        Start(Options with { SpecFile = State.Put("wanted.json", """{ "revision": 3 }""") });
        RunOneTurn(() => Time.Advance(SpecWatch.Interval));
        Assert.Equal(3, Shared.RequestedSpec!.Revision);
        State.Put("wanted.json", """{ "revision": 4444 }""");
        Time.Advance(SpecWatch.Interval);
        Assert.Equal(3, Shared.RequestedSpec!.Revision);
    }

    [Fact]
    public void The_state_directory_is_created()
    {
        Start(Options with { StateDirectory = State.PathOf("new") });
        RunOneTurn(() => Assert.True(Directory.Exists(State.PathOf("new"))));
    }

    [Fact]
    public void Directors_are_left_before_the_kernel_is_closed_and_the_host_keeps_its_configuration()
    {
        var director = new SilentDirector(() => Platform.Closed.Add("director"));
        Start(Options, new Directors("server1", [("first", director)]));
        SetSpec(7, TestSpec.Vip);
        RunOneTurn(() => Assert.Equal("no director has responded yet", Shared.ContactError));
        Assert.Empty(Platform.Closed);
        var before = Snapshot();
        Stop();
        Assert.Equal(["director", "programs", "events", "kernel", "source"], Platform.Closed);
        Assert.Equal(before, Snapshot());
    }

    [Fact]
    public void A_token_that_is_cancelled_already_ends_the_run_without_a_turn()
    {
        Start(Options);
        Platform.OnWait = static () => throw new InvalidOperationException("a turn");
        Agent.Run(new CancellationToken(canceled: true));
    }

    private void RunOneTurn(Action whileRunning)
    {
        using var stop = new CancellationTokenSource();
        Platform.OnWait = () =>
        {
            whileRunning();
            stop.Cancel();
            return false;
        };
        Agent.Run(stop.Token);
    }

    /// <summary>A director that never responds.</summary>
    private sealed class SilentDirector(Action onDispose) : IDirectorApi
    {
        public Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation) =>
            new TaskCompletionSource<ServerSpec?>().Task.WaitAsync(cancellation);

        public Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation) =>
            new TaskCompletionSource<ReportResponse>().Task.WaitAsync(cancellation);

        public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation) =>
            Task.CompletedTask;

        public void Dispose() => onDispose();
    }
}
