using System.Buffers.Binary;
using System.Text;
using Sidestep.Forwarding;
using Sidestep.Forwarding.Pipeline;
using Sidestep.Model;
using Sidestep.Native;

namespace Sidestep.Engine.Managed.Kept;

/// <summary>What the engine remembers, in files that outlive its process: flows in memory that packets write, and what they mean
/// (<see cref="KeptState"/>) in a file that is replaced before tables come into force. A process that is killed at any moment leaves what
/// the next one can go on with.</summary>
internal sealed class KeptMemory : IDisposable
{
    /// <summary>Of these files; another one is not read.</summary>
    private const int Layout = 1;

    private const uint Magic = 0x5344_4d45; // "SDME"

    private static readonly TimeSpan Heartbeat = TimeSpan.FromMilliseconds(100);

    /// <summary>From when the files are opened until frames are taken.</summary>
    private static readonly TimeSpan StartTakes = TimeSpan.FromSeconds(15);

    private readonly string _path;
    private readonly int _places;
    private readonly MappedFile? _flows, _facts;
    private readonly Timer? _heart;

    private KeptMemory(string path, int places, MappedFile? flows, MappedFile? facts, KeptState? found, string? note)
    {
        (_path, _places, _flows, _facts, Note) = (path, places, flows, facts, note);
        if (flows is null || facts is null)
            return;
        Flows = new FlowMemory(flows.Memory[..^sizeof(long)], facts.Memory);
        Outage = found is null ? TimeSpan.Zero
            : TimeSpan.FromTicks(Math.Max(ManagedEngine.MonotonicNanoseconds() - LastBeat, 0) / TimeSpan.NanosecondsPerTick) + StartTakes;
        Found = found?.Later(Outage);
        _heart = new Timer(_ => LastBeat = ManagedEngine.MonotonicNanoseconds(), null, TimeSpan.Zero, Heartbeat);
    }

    /// <summary>How long nobody forwards, from the end of the earlier process until this one does. Flows could not show themselves, so
    /// the time counts for no idle timeout and no window.</summary>
    internal TimeSpan Outage { get; }

    /// <summary>When the process was last seen alive, behind the flows.</summary>
    private long LastBeat
    {
        get => BinaryPrimitives.ReadInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..]);
        set => BinaryPrimitives.WriteInt64LittleEndian(_flows!.Memory.Span[^sizeof(long)..], value);
    }

    /// <summary>What an earlier process left; null: nothing that fits.</summary>
    internal KeptState? Found { get; }

    /// <summary>Where flows are to lie; null: nothing can be kept.</summary>
    internal FlowMemory? Flows { get; }

    /// <summary>What there is to know of it.</summary>
    internal string? Note { get; }

    /// <summary>Opens what is there, or begins anew.</summary>
    /// <param name="path">What the files' names begin with.</param>
    /// <param name="rememberedFlows">How many flows can be remembered.</param>
    internal static KeptMemory Open(string path, int rememberedFlows)
    {
        var places = FlowMemory.PlacesFor(rememberedFlows);
        var (flowBytes, factBytes) = (places * FlowMemory.Sizes.Place + sizeof(long), places * FlowMemory.Sizes.Facts);
        MappedFile? flows = null, facts = null;
        try
        {
            var found = TryRead(path, places, out var differs);
            if (found is not null && (flows = MappedFile.TryOpen(FlowsOf(path), flowBytes)) is not null
                && (facts = MappedFile.TryOpen(FactsOf(path), factBytes)) is not null)
                return new KeptMemory(path, places, flows, facts, found, "adopted what an earlier daemon remembered");
            flows?.Dispose();
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.Delete(StateOf(path));
            flows = MappedFile.Create(FlowsOf(path), flowBytes);
            facts = MappedFile.Create(FactsOf(path), factBytes);
            return new KeptMemory(path, places, flows, facts, null, differs);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NativeException)
        {
            flows?.Dispose();
            facts?.Dispose();
            return new KeptMemory(path, places, null, null, null,
                $"a restart will forget remembered flows and windows: {path}.* cannot be kept ({e.Message})");
        }
    }

    /// <summary>Removes what an earlier process left.</summary>
    internal static void Remove(string path)
    {
        foreach (var file in (string[])[StateOf(path), FlowsOf(path), FactsOf(path)])
        {
            if (File.Exists(file))
                File.Delete(file);
        }
    }

    /// <summary>Nothing of it is left to the next process.</summary>
    internal void Remove() => Remove(_path);

    /// <summary>To be called before tables come into force whose ids and slots these are.</summary>
    /// <exception cref="EngineException">It cannot be written.</exception>
    internal void Save(KeptState state)
    {
        if (Flows is null)
            return;
        var path = StateOf(_path);
        try
        {
            ReplacedFile.Write(path, file =>
            {
                using var to = new BinaryWriter(new BufferedStream(file, 1 << 16), Encoding.UTF8, leaveOpen: true);
                to.Write(Magic);
                to.Write(Layout);
                to.Write(BootId());
                to.Write(_places);
                state.Write(to);
            }, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EngineException($"what the next daemon needs to go on cannot be written to {path}: {e.Message}", e);
        }
    }

    /// <param name="path">See <see cref="Open"/>.</param>
    /// <param name="places">Of flows.</param>
    /// <param name="differs">Why what is there does not fit.</param>
    private static KeptState? TryRead(string path, int places, out string? differs)
    {
        differs = null;
        if (!File.Exists(StateOf(path)))
            return null;
        try
        {
            using var from = new BinaryReader(new BufferedStream(File.OpenRead(StateOf(path)), 1 << 16), Encoding.UTF8);
            var (magic, layout) = (from.ReadUInt32(), from.ReadInt32());
            if (magic != Magic || layout != Layout)
                differs = $"layout: {layout}, this version has {Layout}";
            else if (from.ReadString() != BootId())
                return null; // the machine has started since: there are no flows
            else if (from.ReadInt32() is var had && had != places)
                differs = $"room for {had / 2} flows, now {places / 2}";
            else
                return KeptState.Read(from);
        }
        catch (Exception e) when (e is IOException or FormatException or ArgumentException or OverflowException or OutOfMemoryException)
        {
            differs = $"it cannot be read ({e.Message})";
        }
        differs = $"what an earlier daemon remembered does not fit, flows and windows begin anew: {differs}";
        return null;
    }

    /// <summary>Times of flows are counted from the start of the machine.</summary>
    private static string BootId() => File.ReadAllText("/proc/sys/kernel/random/boot_id").Trim();

    private static string StateOf(string path) => path + ".tables";

    private static string FlowsOf(string path) => path + ".flows";

    private static string FactsOf(string path) => path + ".flow-keys";

    public void Dispose()
    {
        if (_heart is not null)
        {
            using var ended = new ManualResetEvent(false);
            if (_heart.Dispose(ended))
                ended.WaitOne();
        }
        _flows?.Dispose();
        _facts?.Dispose();
    }
}
