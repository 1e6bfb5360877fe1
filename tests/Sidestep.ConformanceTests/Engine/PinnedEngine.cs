using System.Globalization;
using Sidestep.Engine.Xdp;

namespace Sidestep.ConformanceTests.Engine;

/// <summary>An engine with pins of its own and no interface, that can be left and opened anew as by another process.</summary>
internal sealed class PinnedEngine : IDisposable
{
    public const string Name = "test";
    private const string BpfFs = "/sys/fs/bpf";
    private static int _made;
    private readonly string _path = string.Create(CultureInfo.InvariantCulture, $"{BpfFs}/sse-{Environment.ProcessId}-{Interlocked.Increment(ref _made)}");

    static PinnedEngine() => DeleteStale();

    public PinnedEngine() => Engine = Open();

    public XdpEngine Engine { get; private set; }

    /// <summary>The folder of all directors.</summary>
    public string PinPath => _path;

    /// <summary>As after the death of the process and the start of the next.</summary>
    public void Reopen()
    {
        Engine.Dispose();
        Engine = Open();
    }

    /// <summary>Removes one pin.</summary>
    public void Unpin(string pin) => File.Delete(Path.Combine(_path, Name, pin));

    /// <summary>The maps as another process sees and may damage them.</summary>
    public StateMaps Maps() => new(new PinDirectory(_path, Name).OpenMaps(out _)!, writable: true);

    /// <summary>What the packets meet, read back from the maps.</summary>
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
        // Pins the maps; there is nothing to attach to.
        engine.Attach([]);
        return engine;
    }

    private static void DeleteStale()
    {
        foreach (var path in Directory.GetDirectories(BpfFs, "sse-*"))
        {
            if (int.TryParse(path.Split('-')[1], CultureInfo.InvariantCulture, out var owner) && !Directory.Exists($"/proc/{owner}"))
                Directory.Delete(path, recursive: true);
        }
    }
}
