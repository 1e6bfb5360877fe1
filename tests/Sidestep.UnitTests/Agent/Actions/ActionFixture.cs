using System.Net;
using Sidestep.Agent.Actions;
using Sidestep.Agent.Input;
using Sidestep.Agent.Output;
using Sidestep.Agent.Persistence;
using Sidestep.Agent.State;
using Sidestep.Api;
using Sidestep.Native.Netlink;

namespace Sidestep.UnitTests.Agent.Actions;

/// <summary>A fake host with folders for state and files.</summary>
public abstract class ActionFixture : IDisposable
{
    private protected TempFolder State { get; } = new();

    private protected TempFolder Root { get; } = new();

    private protected FakePlatform Platform { get; } = new();

    private protected FakeKernel Kernel => Platform.Kernel;

    private protected List<string> Log { get; } = [];

    /// <summary>What the agent is asked for most often: one VIP at layer 2 on eth0.</summary>
    private protected Request Layer2 => new()
    {
        Vips = [TestSpec.Vip],
        Interfaces = ["eth0"],
        StateDirectory = State.Path,
        Files = new HostFiles(Root.Path),
    };

    private protected Request Layer3 => Layer2 with { Decapsulate = ["ipip"], Directors = [TestSpec.Director] };

    public virtual void Dispose()
    {
        State.Dispose();
        Root.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected Verification Apply(Request request)
    {
        Kernel.Changes.Clear();
        Log.Clear();
        return new ApplyAction(Platform, Log.Add).Run(request);
    }

    private protected void Remove(Request request)
    {
        Kernel.Changes.Clear();
        Log.Clear();
        new RemoveAction(Platform, Log.Add).Run(request);
    }

    private protected Verification Verify(Request? request = null) =>
        VerifyAction.Run(Platform,
            request ?? new Request { StateDirectory = State.Path, Files = new HostFiles(Root.Path) });

    /// <summary>The conditions that are wrong, as name and subject.</summary>
    private protected static string[] Wrong(Verification result) => Of(result, ConditionStatus.Wrong);

    private protected static string[] Notes(Verification result) => Of(result, ConditionStatus.Note);

    private protected HostState LoadState()
    {
        using var store = StateStore.OpenForReading(State.Path);
        return store.Load()!;
    }

    private protected void AddToLo(string address, int prefixLength, AddressScope scope = AddressScope.Universe) =>
        Kernel.Addresses.Add(new InterfaceAddress(FakeKernel.Lo, IPAddress.Parse(address), prefixLength, scope));

    /// <summary>Everything that apply changes, to compare before and after.</summary>
    private protected string Snapshot() =>
        string.Join('\n', Kernel.Sysctls.OrderBy(static s => s.Key, StringComparer.Ordinal)
        .Select(static s => $"{s.Key}={s.Value}")
        .Concat(Kernel.Addresses.Select(static a => a.ToString()).Order(StringComparer.Ordinal))
            .Concat(Kernel.LocalPrefixes.Select(static p => p.ToString()))
        .Concat(Kernel.Qdiscs.OrderBy(static q => q.Key).Select(static q => $"{q.Key} {q.Value}"))
        .Concat(Kernel.TcFilters.SelectMany(static f => f.Value.Select(v => $"{f.Key} {v.Name}"))));

    private static string[] Of(Verification result, ConditionStatus status) =>
        [.. result.Conditions.Where(c => c.Status == status).Select(static c => $"{c.Name} {c.Subject}".TrimEnd())];
}
