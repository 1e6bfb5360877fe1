using System.Runtime.InteropServices;
using Sidestep.Engine.Xdp.Layout;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Engine.Xdp;

/// <summary>The compiled src/bpf/director.bpf.c, from the resource to the loaded program.</summary>
internal static class DirectorObject
{
    private const string Resource = "director.bpf.o";
    private static readonly Version OldestKernel = new(6, 1);

    /// <summary>The ELF image.</summary>
    internal static byte[] Image()
    {
        using var stream = typeof(DirectorObject).Assembly.GetManifestResourceStream(Resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Makes new maps, and loads no program: the verifier's look at that one takes seconds.</summary>
    /// <param name="flowBuckets">Buckets of the table of remembered flows, a power of two.</param>
    /// <exception cref="EngineException">Privileges, kernel or libbpf stand in the way; says what to do.</exception>
    internal static BpfObject LoadTables(int flowBuckets) => Load("make the tables", FeatureSet.All, flowBuckets, static opened =>
    {
        opened.Skip("director");
        opened.Load();
    });

    /// <summary>Loads the program, with maps that exist or with new ones.</summary>
    /// <param name="features">What it is loaded for.</param>
    /// <param name="flowBuckets">Buckets of the table of remembered flows, a power of two.</param>
    /// <param name="existing">Maps to use, by C name; null to make them.</param>
    /// <exception cref="EngineException">Privileges, kernel, libbpf or the verifier stand in the way; says what to do.</exception>
    internal static BpfObject Load(FeatureSet features, int flowBuckets, Func<string, BpfMap>? existing) =>
        Load("take the XDP program", features, flowBuckets, opened =>
        {
            if (existing is not null)
            {
                foreach (var name in StateMaps.Names)
                    opened.Reuse(name, existing(name));
            }
            opened.Load();
            BindLabels(opened);
        });

    private static BpfObject Load(string action, FeatureSet features, int flowBuckets, Action<BpfObject> load)
    {
        CheckMachine();
        try
        {
            var opened = Open(features, flowBuckets);
            load(opened);
            return opened;
        }
        catch (VerifierException e)
        {
            throw new EngineException($"{e.Message}\nThis is a defect of Sidestep or of kernel {Kernel.Release}: please report it with "
                + $"these lines; a kernel of {OldestKernel} or newer is expected to take the program", e);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the kernel did not {action}: {e.Message}", e);
        }
    }

    /// <summary>The program reads no labels; bound to it, they can be told from those of another set.</summary>
    private static void BindLabels(BpfObject loaded)
    {
        using var program = loaded.Program("director");
        using var labels = loaded.Map("labels");
        program.Bind(labels);
    }

    /// <summary>What the maps of this build look like, for comparison with pinned ones.</summary>
    internal static Dictionary<string, BpfMapDefinition> MapDefinitions(int flowBuckets)
    {
        using var opened = Open(FeatureSet.All, flowBuckets);
        return StateMaps.Names.ToDictionary(static n => n, n => opened.Definition(n));
    }

    private static BpfObject Open(FeatureSet features, int flowBuckets)
    {
        var opened = BpfObject.Open(Image(), "sidestep");
        opened.SetMaxEntries("counters", Kernel.PossibleCpus);
        opened.SetMaxEntries("flows", flowBuckets);
        opened.SetMaxEntries("flow_keys", flowBuckets * Constants.FlowBucketEntries);
        // .rodata begins with one variable, switches
        MemoryMarshal.Write(opened.InitialValue(".rodata"), features.ToFeatures(flowBuckets));
        return opened;
    }

    /// <summary>Finds what would stop every attempt, before anything else stumbles over it with lesser words.</summary>
    /// <exception cref="EngineException">Says what to do.</exception>
    internal static void CheckMachine()
    {
        if (Kernel.MissingCapabilities() is { Count: > 0 } missing)
            throw new EngineException($"not allowed to load XDP programs: {string.Join(", ", missing)} missing. Run as root, or give the "
                + "service these capabilities (systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_NET_RAW CAP_PERFMON)");
        if (!Kernel.HasLibbpf)
            throw new EngineException("libbpf.so.1 is not installed: run 'apt-get install libbpf1' (or your distribution's libbpf 1.0 or newer)");
        if (KernelFeatures.Missing is { Count: > 0 } absent)
            throw new EngineException($"kernel {Kernel.Release} lacks what the XDP program needs: {string.Join(", ", absent)}. "
                + $"Install a newer kernel: {OldestKernel} is the oldest that Sidestep supports");
    }
}
