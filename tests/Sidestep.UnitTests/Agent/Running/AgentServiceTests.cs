using Sidestep.Agent.Running;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native;

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
        Stop();
        Assert.Null(RunningAgent.SendCommand(State.Path, RunningAgent.Status));
        Assert.False(File.Exists(StateStore.SocketPath(State.Path)));
    }

    [Fact]
    public void The_spec_file_is_watched_while_the_loop_runs_and_no_longer()
    {
        Start(Options with { SpecFile = State.Put("wanted.json", """{ "revision": 3 }""") });
        RunOneTurn(() => Time.Advance(SpecWatch.Interval));
        var shared = Shared;
        Assert.Equal(3, shared.RequestedSpec!.Revision);
        Stop();
        State.Put("wanted.json", """{ "revision": 4444 }""");
        Time.Advance(SpecWatch.Interval);
        Assert.Equal(3, shared.RequestedSpec!.Revision);
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
        Agent.Loop.Run(new CancellationToken(canceled: true));
        Assert.Equal(0, Agent.Loop.TurnCount);
    }

    [Fact]
    public void The_spec_that_is_known_is_applied_before_the_agent_has_started()
    {
        Start(Options);
        Shared.SetSpec(Spec(7, TestSpec.Vip));
        Agent.Start();
        Assert.Contains($"add {TestSpec.Vip}", Kernel.Changes);
        Assert.Equal(7, Shared.LastReport!.SpecRevision);
    }

    [Fact]
    public void Without_a_spec_and_without_a_director_that_responds_the_agent_starts()
    {
        Start(Options, new Directors("server1", [("first", new SilentDirector(static () => { }))]));
        Agent.Start();
        Assert.Equal(1, Agent.Loop.TurnCount);
        Assert.Empty(Kernel.Changes);
    }

    [Fact]
    public void A_spec_that_cannot_be_applied_does_not_prevent_the_start()
    {
        Kernel.Rejects = static c => c == "load" ? new NativeException("bpf_object__load", 1) : null;
        Start(Options);
        Shared.SetSpec(Spec(7, TestSpec.Vip));
        Agent.Start();
        Assert.Equal([607], Events);
    }

    [Fact]
    public void The_spec_file_is_read_again_on_request_while_the_loop_runs()
    {
        Start(Options with { SpecFile = State.Put("wanted.json", """{ "revision": 3 }""") });
        Agent.ReadSpecFile();
        Assert.Null(Shared.RequestedSpec);
        RunOneTurn(Agent.ReadSpecFile);
        Assert.Equal(3, Shared.RequestedSpec!.Revision);
    }

    [Fact]
    public void Directors_that_replace_others_are_asked_and_the_others_are_left()
    {
        var closed = new List<string>();
        using var asked = new ManualResetEventSlim();
        Start(Options, new Directors("server1", [("first", new SilentDirector(() => closed.Add("first")))]));
        RunOneTurn(() =>
        {
            Agent.Use(new Directors("server1", [("second", new SilentDirector(() => closed.Add("second"), asked))]));
            Assert.True(asked.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        });
        Assert.Equal(["first"], closed);
        Stop();
        Assert.Equal(["first", "second"], closed);
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
        Agent.Start();
        Agent.Loop.Run(stop.Token);
    }

    /// <summary>A director that never responds.</summary>
    private sealed class SilentDirector(Action onDispose, ManualResetEventSlim? asked = null) : IDirectorApi
    {
        public Task<ServerSpec?> GetSpecAsync(string server, long? after, CancellationToken cancellation)
        {
            asked?.Set();
            return new TaskCompletionSource<ServerSpec?>().Task.WaitAsync(cancellation);
        }

        public Task<ReportResponse> ReportAsync(string server, AgentReport report, CancellationToken cancellation) =>
            new TaskCompletionSource<ReportResponse>().Task.WaitAsync(cancellation);

        public Task DrainAsync(string server, DrainRequest request, CancellationToken cancellation) =>
            Task.CompletedTask;

        public void Dispose() => onDispose();
    }
}
