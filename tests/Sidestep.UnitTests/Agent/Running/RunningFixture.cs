using Sidestep.Agent.Input;
using Sidestep.Agent.Running;
using Sidestep.Api;
using Sidestep.UnitTests.Agent.Actions;
using Sidestep.UnitTests.Control;

namespace Sidestep.UnitTests.Agent.Running;

/// <summary>A running agent on a fake host. The test turns its loop and moves its clock.</summary>
public abstract class RunningFixture : ActionFixture
{
    private protected static readonly TimeSpan Pass = EventLoop.MinPassInterval;
    private AgentService? _agent;

    private protected ManualTime Time { get; } = new();

    private protected List<AgentReport> Reports { get; } = [];

    private protected List<int> Events { get; } = [];

    private protected Request Options => Layer2 with { Vips = [] };

    private protected AgentService Agent => _agent!;

    private protected SharedState Shared => _agent!.Shared;

    public override void Dispose()
    {
        Stop();
        base.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected static ServerSpec Spec(long revision, params string[] vips) =>
        TestSpec.Of(TestSpec.Layer2(vips)) with { Revision = revision };

    private protected void Start(Request request, Directors? directors = null)
    {
        _agent = new AgentService(request, directors, Platform, Time, new EventSink((number, text) =>
        {
            Events.Add(number);
            Log.Add(text);
        }));
        Shared.Reported += Reports.Add;
    }

    private protected void Stop()
    {
        _agent?.Dispose();
        _agent = null;
    }

    private protected void SetSpec(long revision, params string[] vips) => SetSpec(revision, Spec(revision, vips));

    private protected void SetSpec(long revision, ServerSpec spec)
    {
        Assert.Equal(revision, spec.Revision);
        Time.Advance(Pass);
        Shared.SetSpec(spec);
        Turn(false);
    }

    private protected void Event()
    {
        Time.Advance(Pass);
        Turn(true);
    }

    private protected void Turn(bool hasEvents) => Agent.Loop.Turn(hasEvents);
}
