using System.CommandLine;
using Sidestep.Lab;
using Sidestep.Lab.Commands;

try
{
    // The lab ends itself in order on signals (see Interruption): the parser's own handling would cut that short.
    return await LabCommands.Root().Parse(args).InvokeAsync(new InvocationConfiguration
    {
        EnableDefaultExceptionHandler = false,
        ProcessTerminationTimeout = null,
    });
}
catch (LabException e)
{
    ConsoleLog.Error(e.Message);
    return e.ExitCode;
}
catch (OperationCanceledException)
{
    return ShutdownSignal.ExitCode;
}
