using System.Globalization;
using Sidestep.Engine.Xdp;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>A pinned engine without interfaces, which can be closed and reopened as by another process.</summary>
internal sealed class PinnedEngine : IDisposable
{
    public const string Name = "test";
    private const string BpfFs = "/sys/fs/bpf";
    private static int _made;
    private readonly string _path = string.Create(
        CultureInfo.InvariantCulture, $"{BpfFs}/sse-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");

    static PinnedEngine() => DeleteStale();

    public PinnedEngine() => Engine = Open();

    public XdpEngine Engine { get; private set; }

    /// <summary>Folder that contains the folders of all directors.</summary>
    public string PinPath => _path;

    /// <summary>Disposes the engine and opens it again, as after the death of the process.</summary>
    public void Reopen()
    {
        Engine.Dispose();
        Engine = Open();
    }

    /// <summary>Removes one pin.</summary>
    public void Unpin(string pin) => File.Delete(Path.Combine(_path, Name, pin));

    /// <summary>The maps, as another process sees and may damage them.</summary>
    public StateMaps Maps() => new(new PinDirectory(_path, Name).OpenMaps(out _)!, writable: true);

    /// <summary>The tables that packets use, read back from the maps.</summary>
    public RunningTables Running()
    {
        using var maps = Maps();
        return RunningTables.Read(maps);
    }

    public void Dispose()
    {
        Engine.Dispose();
        Directory.Delete(_path, recursive: true);
    }

    private XdpEngine Open()
    {
        var engine = XdpEngine.Open(_path, Name, 4096);
        // Pins the maps; attaches to nothing.
        engine.Attach([]);
        return engine;
    }

    private static void DeleteStale()
    {
        foreach (var path in Directory.GetDirectories(BpfFs, "sse-*"))
        {
            if (int.TryParse(path.Split('-')[1], CultureInfo.InvariantCulture, out var owner)
                && !Directory.Exists($"/proc/{owner}"))
                Directory.Delete(path, recursive: true);
        }
    }
}
