using System.Net;
using Sidestep.Forwarding;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Drivers;

/// <summary>The workers of an engine, and the interfaces that they take frames from. One thread at a time.</summary>
internal sealed class DriverSet(ManagedEngine engine, SlowPath slowPath, Action<string> log, int? workers) : IDisposable
{
    /// <summary>Workers of one driver; more CPUs are not used.</summary>
    internal const int MostWorkers = 16;

    private readonly List<Worker> _workers = [];
    private readonly Silence _silence = new();
    private IReadOnlyList<AttachedInterface> _attached = [];
    private Dictionary<string, int> _indexes = [];
    private IReadOnlyList<IPNetwork> _vips = [];

    /// <summary>The interfaces; without a driver when one is gone.</summary>
    internal IReadOnlyList<AttachedInterface> Attached =>
        [.. Volatile.Read(ref _attached).Select(a => Kernel.InterfaceIndex(a.Name) == _indexes.GetValueOrDefault(a.Name) ? a : a with { Driver = null })];

    /// <summary>What each worker has done.</summary>
    internal IReadOnlyList<WorkerFigures> Figures => [.. _workers.Select(static w => w.Figures)];

    /// <summary>Before tables with these VIPs come into force.</summary>
    internal void Follow(ForwardingTables tables)
    {
        _vips = [.. tables.Vips.Select(static v => v.Address)];
        SilenceKernel(_attached);
    }

    /// <summary>Takes frames from these and no others. When they are others than before, all workers begin anew: frames of some
    /// milliseconds are lost.</summary>
    /// <exception cref="EngineException">Names the interface and the cure; nothing is attached then.</exception>
    internal IReadOnlyList<AttachedInterface> Attach(IReadOnlyList<DirectorInterface> wanted)
    {
        var indexes = wanted.ToDictionary(static i => i.Name, static i => Kernel.InterfaceIndex(i.Name) ?? throw new EngineException(
            $"there is no interface '{i.Name}' here: 'ip link' lists those there are; correct director.interfaces"));
        if (_workers.Count > 0 && indexes.Count == _indexes.Count && !indexes.Except(_indexes).Any()
            && wanted.All(w => _attached.Any(a => a.Name == w.Name && (w.Driver == Driver.Auto || w.Driver == a.Driver))))
            return _attached;
        Detach();
        try
        {
            IReadOnlyList<AttachedInterface> attached = [.. wanted.Select(static w => new AttachedInterface(w.Name, Driver.AfPacket, null))];
            SilenceKernel(attached);
            _workers.AddRange(AfPacketInterfaces.Open(engine, slowPath, log, [.. wanted.Select(w => indexes[w.Name])], workers));
            foreach (var worker in _workers)
                worker.Start();
            _indexes = indexes;
            Volatile.Write(ref _attached, attached);
            return attached;
        }
        catch (NativeException e)
        {
            Detach();
            throw new EngineException($"interfaces cannot be opened: {e.Message}", e);
        }
        catch
        {
            Detach();
            throw;
        }
    }

    /// <summary>Takes frames from nowhere, and lets the kernel have what it had.</summary>
    internal void Detach()
    {
        foreach (var worker in _workers)
            worker.Dispose();
        _workers.Clear();
        Volatile.Write(ref _attached, []);
        SilenceKernel([]);
    }

    public void Dispose()
    {
        Detach();
        _silence.Dispose();
    }

    private void SilenceKernel(IReadOnlyList<AttachedInterface> attached)
    {
        var names = attached.Where(static a => a.Driver == Driver.AfPacket).Select(static a => a.Name).ToArray();
        _silence.Follow(names.Length > 0 ? _vips : [], names);
    }
}
