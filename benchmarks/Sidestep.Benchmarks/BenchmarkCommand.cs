using System.CommandLine;
using System.Runtime.ExceptionServices;
using Sidestep.Benchmarks.Veth;
using Sidestep.Forwarding;
using Sidestep.Native;

namespace Sidestep.Benchmarks;

/// <summary>The common part of all commands.</summary>
internal static class BenchmarkCommand
{
    /// <summary>Exits with 0, or with 1 and a message when the measurement was not possible.</summary>
    internal static Command Make(string name, string description, Action<ParseResult> measure,
        params IEnumerable<Option> options)
    {
        var command = new Command(name, description);
        foreach (var option in options)
            command.Add(option);
        command.SetAction(arguments =>
        {
            try
            {
                measure(arguments);
                return 0;
            }
            catch (Exception e) when (e is BenchmarkException or EngineException or NativeException or IOException)
            {
                Console.Error.WriteLine($"error: {e.Message}");
                return 1;
            }
        });
        return command;
    }

    /// <summary>Only the thread is bound to one CPU, not the process: the JIT compiler uses the others.</summary>
    internal static T OnCpu<T>(int cpu, Func<T> measure)
    {
        T result = default!;
        ExceptionDispatchInfo? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                Kernel.PinThread(cpu);
                result = measure();
            }
#pragma warning disable CA1031 // rethrown on the calling thread
            catch (Exception e)
#pragma warning restore CA1031
            {
                failure = ExceptionDispatchInfo.Capture(e);
            }
        });
        thread.Start();
        thread.Join();
        failure?.Throw();
        return result;
    }
}
