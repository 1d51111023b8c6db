"""One x86-64 CPU. The only module that knows Unicorn.

What Unicorn does not promise and we rely on was measured with 2.1.4, which is why that version is pinned:
an instruction hook that stops before the next instruction, device callbacks in the middle of a slice,
and a trapped RDTSC.
"""

import ctypes
import weakref
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from types import FrameType
from typing import Any, NamedTuple

from hypervisor.devices.memory import RAM_BASE, REGION_BYTES, Region
from hypervisor.machine.exits import Exit, ExitCosts
from hypervisor.machine.hook import BUDGET, EXECUTED, STOPPED, InstructionHook

TRANSLATION_BYTES = 1 << 20
"""Unicorn's default reserves 1 GiB of address space a guest; this is enough for every image seen so far."""
NOWHERE = (1 << 64) - 0x1000
"""emu_start must be told where to stop; nothing is ever mapped here."""
OP_HLT = 0xF4

READ = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_void_p)
WRITE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint64, ctypes.c_uint, ctypes.c_uint64, ctypes.c_void_p)
TSC = ctypes.CFUNCTYPE(ctypes.c_uint32, ctypes.c_void_p, ctypes.c_void_p)
INVALID = ctypes.CFUNCTYPE(
    ctypes.c_bool,
    ctypes.c_void_p,
    ctypes.c_int,
    ctypes.c_uint64,
    ctypes.c_int,
    ctypes.c_int64,
    ctypes.c_void_p,
)


class Unicorn(NamedTuple):
    """The C library and the names of it that we use."""

    lib: Any
    const: Any
    x86: Any
    emu_stop_address: int

    def check(self, error: int) -> None:
        if error:
            raise MemoryError(f"Unicorn: {self.lib.uc_strerror(error).decode()}")

    def words(self, error: int) -> str:
        match error:
            case self.const.UC_ERR_INSN_INVALID:
                return "invalid instruction"
            case self.const.UC_ERR_EXCEPTION:
                return "an exception, and nobody handles exceptions here,"
            case _:
                return str(self.lib.uc_strerror(error).decode())

    def open(self) -> ctypes.c_void_p:
        handle = ctypes.c_void_p()
        self.check(self.lib.uc_open(self.const.UC_ARCH_X86, self.const.UC_MODE_64, ctypes.byref(handle)))
        # A CPU without RDRAND, so that no host entropy leaks in.
        self.control(handle, self.const.UC_CTL_CPU_MODEL, ctypes.c_int(self.x86.UC_CPU_X86_QEMU64))
        self.control(handle, self.const.UC_CTL_TCG_BUFFER_SIZE, ctypes.c_uint32(TRANSLATION_BYTES))
        return handle

    def control(self, handle: ctypes.c_void_p, what: int, value: Any) -> None:
        code = self.const.UC_CTL_IO_WRITE << 30 | 1 << 26 | what
        self.check(self.lib.uc_ctl(handle, code, value))

    def hook(self, handle: ctypes.c_void_p, kind: int, callback: Any, user_data: Any, *extra: Any) -> None:
        hook = ctypes.c_size_t()
        # begin > end: everywhere.
        error = self.lib.uc_hook_add(handle, ctypes.byref(hook), kind, callback, user_data, 1, 0, *extra)
        self.check(error)


@cache
def unicorn() -> Unicorn:
    """Loaded when the first machine is powered on: importing it takes longer than `dcsim --help` may."""
    from unicorn import unicorn_const, x86_const
    from unicorn.unicorn_py3.unicorn import uclib

    # Once for all: a cast leaves a reference cycle behind.
    emu_stop_address = ctypes.cast(uclib.uc_emu_stop, ctypes.c_void_p).value or 0
    return Unicorn(uclib, unicorn_const, x86_const, emu_stop_address)


def _close(lib: Any, handle: ctypes.c_void_p) -> None:
    lib.uc_close(handle)


class Cpu:
    """Runs guest code in slices, exact to the instruction.

    `regions` are the device pages by their address; `tsc` answers RDTSC. `cost_ns` is what the exits of the
    current slice cost so far. A guest can do nothing that raises here; an exception from a device or `tsc` is ours.
    """

    def __init__(
        self,
        ram: memoryview,
        entry: int,
        regions: Mapping[int, Region],
        tsc: Callable[[], int],
        exits: Counter[Exit],
        costs: ExitCosts,
        native: bool,
    ) -> None:
        self._unicorn = unicorn()
        self._handle = self._unicorn.open()
        self._finalizer = weakref.finalize(self, _close, self._unicorn.lib, self._handle)
        self._finalizer.atexit = False
        self._ram = ram
        self._tsc = tsc
        self._exits = exits
        self._costs = costs
        self._register = ctypes.c_uint64()
        self._callbacks: list[Any] = []
        self._raised: BaseException | None = None
        self._touched = ""
        self._kicked = False
        self.cost_ns = 0
        self.fault = ""
        self.pc = entry
        self._map(regions)
        self._trap(native)
        self._write_register(self._unicorn.x86.UC_X86_REG_RSP, RAM_BASE + len(ram))

    def _map(self, regions: Mapping[int, Region]) -> None:
        lib, const = self._unicorn.lib, self._unicorn.const
        self._ram_buffer = ctypes.c_char.from_buffer(self._ram)
        address = ctypes.addressof(self._ram_buffer)
        error = lib.uc_mem_map_ptr(self._handle, RAM_BASE, len(self._ram), const.UC_PROT_ALL, address)
        self._unicorn.check(error)
        for base, region in regions.items():
            read, write = READ(self._reader(region)), WRITE(self._writer(region))
            self._callbacks += (read, write)
            self._unicorn.check(lib.uc_mmio_map(self._handle, base, REGION_BYTES, read, None, write, None))

    def _trap(self, native: bool) -> None:
        lib, const, x86, emu_stop_address = self._unicorn
        self._hook = InstructionHook(lib.uc_emu_stop, emu_stop_address, native)
        self._counters = self._hook.counters
        tsc, invalid = TSC(self._read_tsc), INVALID(self._touch)
        self._callbacks += (tsc, invalid)
        hook = self._unicorn.hook
        hook(self._handle, const.UC_HOOK_CODE, self._hook.callback, self._hook.user_data)
        hook(self._handle, const.UC_HOOK_MEM_INVALID, invalid, None)
        for instruction in (x86.UC_X86_INS_RDTSC, x86.UC_X86_INS_RDTSCP):
            hook(self._handle, const.UC_HOOK_INSN, tsc, None, ctypes.c_int(instruction))

    @property
    def instructions(self) -> int:
        """Executed since power-on."""
        return int(self._counters[EXECUTED])

    def run(self, budget: int) -> Exit:
        """Execute up to `budget` instructions; why it ended. After FAULT, `fault` says what happened."""
        counters = self._counters
        counters[BUDGET] = counters[EXECUTED] + budget
        counters[STOPPED] = 0
        self._kicked = False
        self.cost_ns = 0
        error = self._unicorn.lib.uc_emu_start(self._handle, self.pc, NOWHERE, 0, 0)
        self.pc = self._read_register(self._unicorn.x86.UC_X86_REG_RIP)
        kind = self._classify(error)
        self._exits[kind] += 1
        self.cost_ns += self._costs.of(kind)
        if self._raised is not None:
            raise self._raised
        return kind

    def _classify(self, error: int) -> Exit:
        if error:
            return self._faulted(self._touched or self._unicorn.words(error))
        if self._counters[STOPPED]:
            return Exit.KICK if self._kicked else Exit.BUDGET
        # A triple fault stops the engine as HLT does; only one of them has just executed that instruction.
        offset = self.pc - 1 - RAM_BASE
        if 0 <= offset < len(self._ram) and self._ram[offset] == OP_HLT:
            return Exit.HALT
        return self._faulted("the CPU shut down (triple fault)")

    def _faulted(self, reason: str) -> Exit:
        self.fault = f"{reason} at {self.pc:#x}"
        return Exit.FAULT

    def _read_register(self, register: int) -> int:
        self._unicorn.lib.uc_reg_read(self._handle, register, ctypes.byref(self._register))
        return self._register.value

    def _write_register(self, register: int, value: int) -> None:
        self._register.value = value
        self._unicorn.lib.uc_reg_write(self._handle, register, ctypes.byref(self._register))

    def _stop_now(self) -> None:
        """End the slice before the next instruction."""
        self._counters[BUDGET] = self._counters[EXECUTED]

    def _fail(self, error: BaseException) -> None:
        """Exceptions cannot cross the C library; carry them around it."""
        self._raised = self._raised or error
        self._stop_now()

    def _reader(self, region: Region) -> Callable[[int, int, int, int], int]:
        def read(engine: int, offset: int, size: int, user_data: int) -> int:
            try:
                self._exits[Exit.MMIO_R] += 1
                self.cost_ns += self._costs.mmio_r_ns
                return region.read(offset, size)
            except BaseException as error:
                self._fail(error)
                return 0

        return read

    def _writer(self, region: Region) -> Callable[[int, int, int, int, int], None]:
        def write(engine: int, offset: int, size: int, value: int, user_data: int) -> None:
            try:
                if region.write(offset, size, value):
                    self._kicked = True
                    self._stop_now()
                    return
                self._exits[Exit.MMIO_W] += 1
                self.cost_ns += self._costs.mmio_w_ns
            except BaseException as error:
                self._fail(error)

        return write

    def _read_tsc(self, engine: int, user_data: int) -> int:
        """RDTSC and RDTSCP: EDX:EAX is the time before the cost of reading it. 1: do not execute it."""
        try:
            value = self._tsc()
            self._exits[Exit.TSC] += 1
            self.cost_ns += self._costs.tsc_ns
            self._write_register(self._unicorn.x86.UC_X86_REG_RAX, value & 0xFFFFFFFF)
            self._write_register(self._unicorn.x86.UC_X86_REG_RDX, value >> 32)
        except BaseException as error:
            self._fail(error)
        return 1

    def _touch(self, engine: int, access: int, address: int, size: int, value: int, user_data: int) -> bool:
        const = self._unicorn.const
        words = {
            const.UC_MEM_READ_UNMAPPED: "read of",
            const.UC_MEM_WRITE_UNMAPPED: "write to",
            const.UC_MEM_FETCH_UNMAPPED: "jump to",
            const.UC_MEM_FETCH_PROT: "jump to",
        }
        self._touched = f"{words.get(access, 'access to')} {address:#x}, where there is no memory,"
        return False

    def close(self) -> None:
        """Free the engine and break the cycles between this object and its callbacks. RAM stays the caller's."""
        self._finalizer()
        self._callbacks.clear()
        self._hook.release()
        self._tsc = int  # the caller's method, which leads back to us
        del self._ram_buffer


def carry(error: BaseException, frame: FrameType | None) -> bool:
    """For signal handlers, which may interrupt a guest's device access at `frame`: what they raise there is lost in
    the C library, and the access half done. True: `run` will raise `error` instead, when it has returned from there.
    """
    interrupted = frame
    while frame is not None and frame.f_code is not Cpu.run.__code__:
        frame = frame.f_back
    if frame is None or frame is interrupted:
        return False
    frame.f_locals["self"]._fail(error)
    return True
