using System.Globalization;
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Sidestep.Testing;

/// <summary>A network namespace of one test, with lo up; deleted with everything in it when disposed.</summary>
internal sealed class NetworkNamespace : IDisposable
{
    private const int NewNet = 0x40000000;
    private const string Folder = "/run/netns";
    private static readonly string[] Prefixes = ["ssa", "ssc", "ssd"];
    private static int _created;

    static NetworkNamespace() => DeleteStale();

    /// <param name="role">Role in the test, the last part of the name.</param>
    /// <param name="tests">Prefix of the name, which identifies the test project; see <see cref="Prefixes"/>.</param>
    public NetworkNamespace(string role, string tests = "ssa")
    {
        Name = string.Create(CultureInfo.InvariantCulture,
            $"{tests}-{Environment.ProcessId}-{Interlocked.Increment(ref _created)}-{role}");
        Shell.Run("ip", "netns", "add", Name);
        Shell.Run("ip", "-n", Name, "link", "set", "lo", "up");
    }

    public string Name { get; }

    public string Ip(string arguments) => Shell.Run(["ip", "-n", Name, .. arguments.Split(' ')]);

    /// <summary>Runs several commands of ip(8) in one process, up to the first that fails.</summary>
    public void IpBatch(params string[] commands)
    {
        var file = Path.GetTempFileName();
        File.WriteAllLines(file, commands);
        Shell.Run("ip", "-n", Name, "-batch", file);
        File.Delete(file);
    }

    /// <param name="name">Below /proc/sys/net, with slashes.</param>
    /// <param name="value">The setting.</param>
    public void WriteSysctl(string name, int value) => Inside(() =>
    {
        File.WriteAllText($"/proc/sys/net/{name}", value.ToString(CultureInfo.InvariantCulture));
        return true;
    });

    /// <summary>Runs a program in the namespace.</summary>
    public Shell.Result Try(params string[] command) => Shell.Try(Enter(command));

    public string Run(params string[] command) => Shell.Run(Enter(command));

    public string[] Enter(params string[] command) => ["nsenter", $"--net={Folder}/{Name}", .. command];

    /// <summary>Runs code in the namespace, on a separate thread; sockets opened there stay in the namespace.</summary>
    public T Inside<T>(Func<T> code)
    {
        T result = default!;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                using var file = File.OpenHandle($"{Folder}/{Name}");
                if (setns(file, NewNet) != 0)
                    throw new InvalidOperationException($"setns: errno {Marshal.GetLastPInvokeError()}");
                result = code();
            }
#pragma warning disable CA1031 // rethrown on the calling thread
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = e;
            }
        });
        thread.Start();
        thread.Join();
        return failure is null ? result : throw new InvalidOperationException($"in {Name}: {failure.Message}", failure);
    }

    public void Dispose() => Shell.Try("ip", "netns", "del", Name);

    /// <summary>Deletes namespaces of test runs that were killed.</summary>
    private static void DeleteStale()
    {
        if (!Directory.Exists(Folder))
            return;
        foreach (var name in Prefixes.SelectMany(static p => Directory.GetFiles(Folder, p + "-*"))
            .Select(static f => Path.GetFileName(f)))
        {
            if (!int.TryParse(name.Split('-')[1], CultureInfo.InvariantCulture, out var owner)
                || Directory.Exists($"/proc/{owner}"))
                continue;
            // The processes in the namespace were started by the same dead test run.
            foreach (var process in Shell.Try("ip", "netns", "pids", name).Output.Split(
                '\n', StringSplitOptions.RemoveEmptyEntries))
                Shell.Try("kill", "-9", process);
            Shell.Try("ip", "netns", "del", name);
        }
    }

#pragma warning disable SYSLIB1054 // LibraryImport needs unsafe code, which only Native may have
    [DllImport("libc", SetLastError = true)]
    private static extern int setns(SafeFileHandle descriptor, int type);
#pragma warning restore SYSLIB1054
}
