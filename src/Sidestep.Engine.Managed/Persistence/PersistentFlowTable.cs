using System.Buffers.Binary;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Persistence;

/// <summary>What the engine remembers, in files that outlive its process: flows in memory that packets write, and what they mean
/// (<see cref="PersistentState"/>) in a file that is replaced before tables come into force. A process that is killed at any moment leaves what
/// the next one can go on with.</summary>
internal sealed class PersistentFlowTable : IDisposable
{
    /// <summary>Of these files; another one is not read.</summary>
    private const int Layout = 1;

    private const uint Magic = 0x5344_4d45; // "SDME"

    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(100);

    /// <summary>From when the files are opened until frames are taken.</summary>
    private static readonly TimeSpan StartupTime = TimeSpan.FromSeconds(15);

    private readonly string _path;
    private readonly int _entryCount;
    private readonly MappedFile? _flows, _metadata;
    private readonly Timer? _heartbeatTimer;

    private PersistentFlowTable(string path, int entryCount, MappedFile? flows, MappedFile? metadata, PersistentState? found, string? note)
    {
        (_path, _entryCount, _flows, _metadata, Note) = (path, entryCount, flows, metadata, note);
        if (flows is null || metadata is null)
            return;
        Flows = new FlowTableMemory(flows.Memory[..^sizeof(long)], metadata.Memory);
        Outage = found is null ? TimeSpan.Zero
            : TimeSpan.FromTicks(Math.Max(ManagedEngine.MonotonicNanoseconds() - LastHeartbeat, 0) / TimeSpan.NanosecondsPerTick) + StartupTime;
        Found = found?.ExtendMigrationWindows(Outage);
        _heartbeatTimer = new Timer(_ => LastHeartbeat = ManagedEngine.MonotonicNanoseconds(), null, TimeSpan.Zero, Heartbeat);
    }

    /// <summary>How long nobody forwards, from the end of the earlier process until this one does. Flows could not show themselves, so
    /// the time counts for no idle timeout and no window.</summary>
    internal TimeSpan Outage { get; }

    /// <summary>When the process was last seen alive, behind the flows.</summary>
    private long LastHeartbeat
    {
        get => BinaryPrimitives.ReadInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..]);
        set => BinaryPrimitives.WriteInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..], value);
    }

    /// <summary>What an earlier process left; null: nothing that fits.</summary>
    internal PersistentState? Found { get; }

    /// <summary>Where flows are to lie; null: nothing can be kept.</summary>
    internal FlowTableMemory? Flows { get; }

    /// <summary>What there is to know of it.</summary>
    internal string? Note { get; }

    /// <summary>Opens what is there, or begins anew.</summary>
    /// <param name="path">What the files' names begin with.</param>
    /// <param name="flowTableSize">How many flows can be remembered.</param>
    internal static PersistentFlowTable Open(string path, int flowTableSize)
    {
        var entryCount = FlowTableMemory.EntryCountFor(flowTableSize);
        var (flowBytes, metadataBytes) = (entryCount * FlowTableMemory.Sizes.Place + sizeof(long), entryCount * FlowTableMemory.Sizes.Metadata);
        MappedFile? flows = null, metadata = null;
        try
        {
            var found = TryRead(path, entryCount, out var mismatch);
            if (found is not null && (flows = MappedFile.TryOpen(FlowsPathOf(path), flowBytes)) is not null
                && (metadata = MappedFile.TryOpen(MetadataPathOf(path), metadataBytes)) is not null)
                return new PersistentFlowTable(path, entryCount, flows, metadata, found, "adopted the flow table of an earlier daemon");
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
                $"a restart will lose tracked flows and migration windows: {path}.* cannot be kept ({e.Message})");
        }
    }

    /// <summary>Removes what an earlier process left.</summary>
    internal static void Remove(string path)
    {
        foreach (var file in (string[])[StatePathOf(path), FlowsPathOf(path), MetadataPathOf(path)])
        {
            if (File.Exists(file))
                File.Delete(file);
        }
    }

    /// <summary>Nothing of it is left to the next process.</summary>
    internal void Remove() => Remove(_path);

    /// <summary>To be called before tables come into force whose ids and slots these are.</summary>
    /// <exception cref="EngineException">It cannot be written.</exception>
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
            throw new EngineException($"what the next daemon needs to go on cannot be written to {path}: {e.Message}", e);
        }
    }

    /// <param name="path">See <see cref="Open"/>.</param>
    /// <param name="entryCount">Of flows.</param>
    /// <param name="mismatch">Why what is there does not fit.</param>
    private static PersistentState? TryRead(string path, int entryCount, out string? mismatch)
    {
        mismatch = null;
        if (!File.Exists(StatePathOf(path)))
            return null;
        try
        {
            using var from = new BinaryReader(new BufferedStream(File.OpenRead(StatePathOf(path)), 1 << 16), Encoding.UTF8);
            var (magic, layout) = (from.ReadUInt32(), from.ReadInt32());
            if (magic != Magic || layout != Layout)
                mismatch = $"layout: {layout}, this version has {Layout}";
            else if (from.ReadString() != BootId())
                return null; // the machine has started since: there are no flows
            else if (from.ReadInt32() is var had && had != entryCount)
                mismatch = $"room for {had / 2} flows, now {entryCount / 2}";
            else
                return PersistentState.Read(from);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or OverflowException or OutOfMemoryException)
        {
            mismatch = $"it cannot be read ({e.Message})";
        }
        mismatch = $"the flow table of an earlier daemon does not fit; starting with an empty one: {mismatch}";
        return null;
    }

    /// <summary>Times of flows are counted from the start of the machine.</summary>
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
