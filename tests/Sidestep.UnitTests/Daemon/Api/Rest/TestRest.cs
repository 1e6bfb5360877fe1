using Sidestep.Api.Plans;
using Sidestep.Api.Status;
using Sidestep.Control.ServerOverrides;
using Sidestep.Control.Stores.Revisions;
using Sidestep.Daemon;
using Sidestep.Daemon.Api;
using Sidestep.Daemon.Api.Rest;
using Sidestep.Daemon.Api.Streams;
using Sidestep.Daemon.Events;
using Sidestep.Model;

namespace Sidestep.UnitTests.Daemon.Api.Rest;

/// <summary>The endpoints for the configuration, over a store of revisions or a file.</summary>
internal sealed class TestRest : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly LongRequests _threads = new();

    internal TestRest(string yaml, bool isFile = false)
    {
        Source = isFile ? ConfigurationSource.OfFile(_temp.Write("d.yaml", yaml), static () => TestDirector.Host,
                TimeProvider.System)
            : ConfigurationSource.OfStore(OpenStore(TestDirector.Read(yaml)));
        Source.Accepted = Source.Read().Configuration!;
        // There is no control loop: every change is in force at once.
        Source.Tried.Add(long.MaxValue, true);
        var changes = new ConfigurationChanges(Source, c => Plan(c), _threads, Log.Log);
        var view = new ConfigurationView(Source);
        Overrides = new OverrideStore(_temp.Path("overrides.json"));
        Endpoints = new RestEndpoints(view, changes, Source, new OverrideHandlers(Overrides, view, c => Plan(c),
            () => Task.FromResult(IsInForce), _threads, Log.Log, TimeProvider.System));
    }

    internal ConfigurationSource Source { get; }

    internal OverrideStore Overrides { get; }

    /// <summary>Whether an override comes into force.</summary>
    internal bool IsInForce { get; set; } = true;

    /// <summary>The status that streams read.</summary>
    internal Func<DirectorStatus> Status { get; set; } = static () => Cli.TestDirector.Full;

    internal EventHistory Events { get; } = new(TimeProvider.System);

    internal StreamHandler Stream => field ??= new StreamHandler(new StreamSource(() => Status(),
        () => Events.Read("edge1"), () => StoredRevisions.Of("edge1", Source.Writable!), TimeProvider.System),
        _threads);

    internal RestEndpoints Endpoints { get; }

    internal TestLog Log { get; } = new();

    /// <summary>A plan of a change without an effect.</summary>
    internal static PlanReport EmptyPlan { get; } = new()
    {
        Director = "edge1",
        Source = StatusSource.Daemon,
        Changes = false,
        Slots = 1,
        MovedSlots = 0,
        MovedShare = 0,
        Flows = new FlowsForecast(0, 0, 0),
        Warnings = [],
        Services = [],
        Pools = [],
    };

    /// <summary>Flushes the folder of revisions.</summary>
    internal Action<string> Flush { get; set; } = static _ => { };

    internal Func<Configuration, PlanReport> Plan { get; set; } = static _ => throw new NotSupportedException();

    internal string Folder => _temp.Path("revisions");

    public void Dispose()
    {
        Events.Dispose();
        Source.Dispose();
        _threads.Dispose();
        _temp.Dispose();
    }

    private RevisionConfigStore OpenStore(Configuration first)
    {
        var folder = new RevisionFolder(Folder, path => Flush(path), RevisionLimits.Default);
        RevisionConfigStore.Initialize(folder, first, "--initial-config d.yaml", TimeProvider.System);
        return new RevisionConfigStore(folder, static () => TestDirector.Host, static _ => { }, TimeProvider.System);
    }
}
