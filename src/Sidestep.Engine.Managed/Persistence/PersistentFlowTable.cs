using System.Buffers.Binary;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Persistence;

/// <summary>The flow table in files that outlive the process. The flows are memory-mapped, and packets write them.
/// Their IDs (<see cref="PersistentState"/>) are in a file that is replaced before tables come into force. A process
/// may be killed at any moment: the next one can adopt what it leaves.</summary>
internal sealed class PersistentFlowTable : IDisposable
{
    /// <summary>Version of the file layout; files of another version are ignored.</summary>
    private const int Layout = 1;

    private const uint Magic = 0x5344_4d45; // "SDME"

    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest time from opening the files until frames are received.</summary>
    private static readonly TimeSpan StartupTime = TimeSpan.FromSeconds(15);

    private readonly string _path;
    private readonly int _entryCount;
    private readonly MappedFile? _flows, _metadata;
    private readonly Timer? _heartbeatTimer;

    private PersistentFlowTable(
        string path, int entryCount, MappedFile? flows, MappedFile? metadata, PersistentState? found, string? note)
    {
        (_path, _entryCount, _flows, _metadata, Note) = (path, entryCount, flows, metadata, note);
        if (flows is null || metadata is null)
            return;
        Flows = new FlowTableMemory(flows.Memory[..^sizeof(long)], metadata.Memory);
        var elapsed = Math.Max(ManagedEngine.MonotonicNanoseconds() - LastHeartbeat, 0);
        Outage = found is null
            ? TimeSpan.Zero : TimeSpan.FromTicks(elapsed / TimeSpan.NanosecondsPerTick) + StartupTime;
        Found = found?.ExtendMigrationWindows(Outage);
        // The first one at once: a process that ends before its timer runs would look as old as the boot.
        LastHeartbeat = ManagedEngine.MonotonicNanoseconds();
        _heartbeatTimer = new Timer(
            _ => LastHeartbeat = ManagedEngine.MonotonicNanoseconds(), null, Heartbeat, Heartbeat);
    }

    /// <summary>The time during which no process forwards, from the end of the earlier process until this one forwards.
    /// Flows could not send packets through the director, so this time does not count for idle timeouts and migration
    /// windows.</summary>
    internal TimeSpan Outage { get; }

    /// <summary>Time of the last heartbeat in monotonic nanoseconds; stored in the file after the flows.</summary>
    private long LastHeartbeat
    {
        get => BinaryPrimitives.ReadInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..]);
        set => BinaryPrimitives.WriteInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..], value);
    }

    /// <summary>State of an earlier process, with extended migration windows; null: none that can be adopted.</summary>
    internal PersistentState? Found { get; }

    /// <summary>Memory of the flow table; null: the files cannot be used, and nothing is persisted.</summary>
    internal FlowTableMemory? Flows { get; }

    /// <summary>Message about the adoption for the log; null: there is nothing to report.</summary>
    internal string? Note { get; }

    /// <summary>Opens the files of an earlier process, or creates new ones. Never throws because of the files'
    /// contents: <see cref="Note"/> says why they are not used.</summary>
    /// <param name="path">Prefix of the names of the files.</param>
    /// <param name="flowTableSize">Number of flows that the table is sized for.</param>
    internal static PersistentFlowTable Open(string path, int flowTableSize)
    {
        var entryCount = FlowTableMemory.EntryCountFor(flowTableSize);
        var flowBytes = entryCount * FlowTableMemory.Sizes.Entry + sizeof(long);
        var metadataBytes = entryCount * FlowTableMemory.Sizes.Metadata;
        MappedFile? flows = null, metadata = null;
        try
        {
            var found = TryRead(path, entryCount, out var mismatch);
            if (found is not null && (flows = MappedFile.TryOpen(FlowsPathOf(path), flowBytes)) is not null
                && (metadata = MappedFile.TryOpen(MetadataPathOf(path), metadataBytes)) is not null)
            {
                return new PersistentFlowTable(
                    path, entryCount, flows, metadata, found, "adopted the flow table of an earlier daemon");
            }
            flows?.Dispose();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(StatePathOf(path));
            flows = MappedFile.Create(FlowsPathOf(path), flowBytes);
            metadata = MappedFile.Create(MetadataPathOf(path), metadataBytes);
            return new PersistentFlowTable(path, entryCount, flows, metadata, null, mismatch);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NativeException)
        {
            flows?.Dispose();
            metadata?.Dispose();
            return new PersistentFlowTable(path, entryCount, null, null, null,
                $"a restart will lose tracked flows and migration windows: {path}.* cannot be written ({e.Message})");
        }
    }

    /// <summary>Deletes the files of an earlier process.</summary>
    internal static void Remove(string path)
    {
        foreach (var file in (string[])[StatePathOf(path), FlowsPathOf(path), MetadataPathOf(path)])
        {
            if (File.Exists(file))
                File.Delete(file);
        }
    }

    /// <summary>Deletes the files, so that the next process starts without them.</summary>
    internal void Remove() => Remove(_path);

    /// <summary>Saves IDs and slots of tables; must be called before these tables come into force.</summary>
    /// <exception cref="EngineException">The file cannot be written.</exception>
    internal void Save(PersistentState state)
    {
        if (Flows is null)
            return;
        var path = StatePathOf(_path);
        try
        {
            AtomicFile.Write(path, file =>
            {
                using var to = new BinaryWriter(new BufferedStream(file, 1 << 16), Encoding.UTF8, leaveOpen: true);
                to.Write(Magic);
                to.Write(Layout);
                to.Write(BootId());
                to.Write(_entryCount);
                state.Write(to);
            }, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"cannot save the state for the next daemon to {path}: {e.Message}", e);
        }
    }

    /// <summary>Reads the state of an earlier process of this boot.</summary>
    /// <param name="path">See <see cref="Open"/>.</param>
    /// <param name="entryCount">Number of entries of the flow table.</param>
    /// <param name="mismatch">Why an existing file cannot be used; null when there is none, or it can.</param>
    /// <returns>Null: there is no file, or it cannot be used.</returns>
    private static PersistentState? TryRead(string path, int entryCount, out string? mismatch)
    {
        mismatch = null;
        if (!File.Exists(StatePathOf(path)))
            return null;
        try
        {
            using var from = new BinaryReader(
                new BufferedStream(File.OpenRead(StatePathOf(path)), 1 << 16), Encoding.UTF8);
            var (magic, layout) = (from.ReadUInt32(), from.ReadInt32());
            if (magic != Magic || layout != Layout)
                mismatch = $"layout: {layout}, this version has {Layout}";
            else if (from.ReadString() != BootId())
                return null; // the machine has rebooted: no flow of the file lives
            else if (from.ReadInt32() is var stored && stored != entryCount)
                mismatch = $"it was sized for {stored / 2} flows, now {entryCount / 2}";
            else
                return PersistentState.Read(from);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException)
        {
            mismatch = $"it cannot be read ({e.Message})";
        }
        mismatch = $"cannot adopt the flow table of an earlier daemon, starting with an empty one: {mismatch}";
        return null;
    }

    /// <summary>ID of the current boot: times of flows are relative to the start of the machine.</summary>
    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static string StatePathOf(string path) => path + ".tables";

    private static string FlowsPathOf(string path) => path + ".flows";

    private static string MetadataPathOf(string path) => path + ".flow-keys";

    public void Dispose()
    {
        if (_heartbeatTimer is not null)
        {
            using var ended = new ManualResetEvent(false);
            if (_heartbeatTimer.Dispose(ended))
                ended.WaitOne();
        }
        _flows?.Dispose();
        _metadata?.Dispose();
    }
}
