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

    /// <summary>The bytes of the ELF object file that is embedded in this assembly.</summary>
    internal static byte[] Image()
    {
        using var stream = typeof(DirectorObject).Assembly.GetManifestResourceStream(Resource)!;
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }

    /// <summary>Creates new maps and loads no program, because the verifier takes seconds for the program.</summary>
    /// <param name="flowBuckets">Buckets of the flow table, a power of two.</param>
    /// <exception cref="EngineException">Privileges, the kernel or libbpf prevent it; the message says what to
    /// do.</exception>
    internal static BpfObject LoadTables(int flowBuckets) =>
        Load("create the tables", FeatureSet.All, flowBuckets, static opened =>
        {
            opened.Skip("director");
            opened.Load();
        });

    /// <summary>Loads the program, with existing or new maps.</summary>
    /// <param name="features">Features to compile in.</param>
    /// <param name="flowBuckets">Buckets of the flow table, a power of two.</param>
    /// <param name="existing">Maps to use, by C name; null to create them.</param>
    /// <exception cref="EngineException">Privileges, the kernel, libbpf or the verifier prevent it; the message says
    /// what to do.</exception>
    internal static BpfObject Load(FeatureSet features, int flowBuckets, Func<string, BpfMap>? existing) =>
        Load("load the XDP program", features, flowBuckets, opened =>
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
            throw new EngineException(
                $"{e.Message}\nThis is a defect of Sidestep or of kernel {Kernel.Release}: please report it with "
                + $"these lines; a kernel of {OldestKernel} or newer is expected to accept it", e);
        }
        catch (NativeException e)
        {
            throw new EngineException($"the kernel did not {action}: {e.Message}", e);
        }
    }

    /// <summary>Binds the labels to the program, which does not read them, so that they can be distinguished from those
    /// of another set of maps.</summary>
    private static void BindLabels(BpfObject loaded)
    {
        using var program = loaded.Program("director");
        using var labels = loaded.Map("labels");
        program.Bind(labels);
    }

    /// <summary>Definitions of the maps of this build, for comparison with pinned ones.</summary>
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
        // .rodata consists of one variable, features
        MemoryMarshal.Write(opened.InitialValue(".rodata"), features.ToFeatures(flowBuckets));
        return opened;
    }

    /// <summary>Checks for missing prerequisites first, because later failures have less helpful messages.</summary>
    /// <exception cref="EngineException">A prerequisite is missing; the message says what to do.</exception>
    internal static void CheckMachine()
    {
        if (Kernel.MissingCapabilities() is { Count: > 0 } missing)
            throw new EngineException(
                $"not allowed to load XDP programs: {string.Join(", ", missing)} missing. Run as root, or give the "
                + "service these capabilities "
                + "(systemd: AmbientCapabilities=CAP_BPF CAP_NET_ADMIN CAP_NET_RAW CAP_PERFMON)");
        if (!Kernel.HasLibbpf)
            throw new EngineException(
                "libbpf.so.1 is not installed: run 'apt-get install libbpf1' "
                + "(or your distribution's libbpf 1.0 or newer)");
        if (KernelFeatures.Missing is { Count: > 0 } absent)
            throw new EngineException(
                $"kernel {Kernel.Release} lacks what the XDP program needs: {string.Join(", ", absent)}. "
                + $"Install a newer kernel: {OldestKernel} is the oldest that Sidestep supports");
    }
}
